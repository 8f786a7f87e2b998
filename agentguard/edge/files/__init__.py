"""What file systems say of paths: what is there, what would be lost, what matters beyond its contents."""
