"""What an installation writes down: the audit log, requests, sessions, what shims noted, which approvals were used."""
