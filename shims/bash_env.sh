# agentguard: `agentguard run` names this file in BASH_ENV, so that a login shell that sets PATH
# anew (`bash -lc` where /etc/profile does) has the shims first again. What BASH_ENV named
# before is read first, expanded as bash expands it.
if [ -n "${AGENTGUARD_BASH_ENV-}" ]; then
    eval "_agentguard_former=\"$AGENTGUARD_BASH_ENV\""
    [ ! -r "$_agentguard_former" ] || . "$_agentguard_former"
    unset _agentguard_former
fi
. @ROOT@/activate.sh
