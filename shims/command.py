"""What ROOT/bin/agentguard runs: the command line, out of the store alone."""

import os
import sys
from _signal import SIG_DFL, SIG_IGN, SIGINT, getsignal, signal

if getsignal(SIGINT) != SIG_IGN:  # until somebody can catch it, it ends the process without a traceback
    signal(SIGINT, SIG_DFL)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "lib"))
if sys.argv[1][:1] != "-":  # bin/agentguard as a version before this one made it: where it was installed from
    del sys.argv[1]
sys.argv[0] = "agentguard"
sys.dont_write_bytecode = True  # the store holds what was installed, and nothing else

from agentguard.lean import bundle  # noqa: E402 - the store comes first

bundle.use()
from agentguard.__main__ import main  # noqa: E402

main()
