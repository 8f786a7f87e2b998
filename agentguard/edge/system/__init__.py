"""Processes and programs: children that are bounded, the real program, files that nobody can change."""
