"""The full-screen view of what waits for a person: `agentguard watch`."""
