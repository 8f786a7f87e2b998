"""Policy: whether a call of a rating runs, asks a person or is refused, and what an approval needs."""
