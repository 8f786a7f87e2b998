"""A language each: what a text in it would do, as effects."""
