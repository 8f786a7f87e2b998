"""The outside world: processes, terminals, the record, files, git, the real program."""
