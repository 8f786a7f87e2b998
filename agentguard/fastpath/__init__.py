"""The fast path: which calls a shim may run by itself, derived from the rules, as shell variables."""
