"""What the catalogue of a PostgreSQL server on this machine says."""
