"""The `agentguard` command: a file for each verb."""
