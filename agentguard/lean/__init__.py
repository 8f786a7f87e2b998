"""Stand-ins for parts of the standard library, on the way of a shim: see README.md here for what each saves."""
