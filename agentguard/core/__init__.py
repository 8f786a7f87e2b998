"""Values and decisions. Pure: no operating system, no clock, no files."""
