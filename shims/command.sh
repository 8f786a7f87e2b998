#!@SHELL@
# agentguard command
# Made by `agentguard install`, taken away by `agentguard uninstall`: the person's command, out of the store:
# it outlives what agentguard was installed from.
if [ ! -x @ROOT@/current/python ] || [ ! -r @ROOT@/current/command.py ]; then
    printf '%s\n' 'agentguard: the store under '@ROOT@' is broken; reinstall agentguard and run `agentguard install`' >&2
    exit 126
fi
exec @ROOT@/current/python -I -S @ROOT@/current/command.py --root @ROOT@ "$@"
