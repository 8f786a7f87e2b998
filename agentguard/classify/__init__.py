"""From an invocation to its effects: argument grammar, rules, and the languages that a call carries."""
