"""Facts about paths: what is there, what would be lost, what is protected."""
