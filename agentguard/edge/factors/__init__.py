"""Authentication factors of a person: SSH keys, keys under a passphrase, and the approvals that they sign."""
