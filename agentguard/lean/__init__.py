"""Stand-ins for parts of the standard library that a shim has no time to load: README.md here has what each saves."""
