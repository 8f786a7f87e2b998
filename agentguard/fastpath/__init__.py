"""What a shim may decide by itself, derived from the rules for a shell to read."""
