"""Texts and bytes: their encoding, patterns, and what must not be shown."""
