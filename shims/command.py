"""What ROOT/bin/agentguard runs: the command line, out of the store."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "lib"))
sys.argv[0] = "agentguard"

from agentguard.lean import bundle  # noqa: E402 - the store comes first

bundle.use()
from agentguard.cli.main import main  # noqa: E402

main()
