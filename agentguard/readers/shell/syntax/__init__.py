"""The syntax of shell texts: tokens, quotes, words and trees; the rest of `shell` runs them."""
