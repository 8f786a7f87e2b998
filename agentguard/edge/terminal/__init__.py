"""A person's terminal: who holds its other end, whether that can be trusted, and asking there."""
