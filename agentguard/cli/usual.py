"""Where an installation lies if nothing is said of it."""

from __future__ import annotations


def usual() -> str:
    """This user's data directory for agentguard, as this platform has it."""
    import platformdirs

    return platformdirs.user_data_dir("agentguard")
