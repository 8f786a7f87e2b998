"""What proves a person beyond the word they type: keys, passphrases, and signed approvals."""
