"""What can be wrong with an installation: checks as values, each with its remedy where there is one."""
