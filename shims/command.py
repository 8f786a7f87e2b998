"""What ROOT/bin/agentguard runs: the command line, out of the store, with the packages in the directories DIR:DIR…"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "lib"))
# bin/agentguard as a version before this one made it names none.
packages = sys.argv.pop(1) if sys.argv[1][:1] != "-" else ""
sys.path += filter(None, packages.split(":"))
sys.argv[0] = "agentguard"

from agentguard.lean import bundle  # noqa: E402 - the store comes first

bundle.use()
from agentguard.cli.main import main  # noqa: E402

try:
    main()
except ModuleNotFoundError as fault:
    sys.exit(
        f"agentguard: there is no {fault.name} where agentguard was installed from ({packages or 'unknown'});"
        " install it again and run `agentguard install`"
    )
