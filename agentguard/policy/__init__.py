"""What becomes of a rating: whether it runs, is asked about or refused, and who may answer."""
