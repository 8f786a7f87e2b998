"""Rule files as values: argument grammars, rules and their examples."""
