"""The files that an installation writes: audit log, requests, sessions, the shims' spool, used approvals."""
