"""`rules/*.toml` as values: argument grammars, rules and their examples."""
