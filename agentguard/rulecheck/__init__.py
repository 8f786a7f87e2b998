"""Proves the rulebook: every rule by its examples, against the whole classifier."""
