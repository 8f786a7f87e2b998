"""`python -m agentguard`."""

from .cli.main import main

main()
