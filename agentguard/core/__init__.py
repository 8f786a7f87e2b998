"""What a call is and does, as values. Pure: no operating system, no clock, no files."""
