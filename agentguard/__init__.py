"""agentguard: rates what an agent is about to run, and asks a person before what cannot be undone."""

__version__ = "0.1.0"
