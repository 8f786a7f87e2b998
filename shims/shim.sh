#!@SHELL@
# agentguard shim for @NAME@
# Made by `agentguard install`, taken away by `agentguard uninstall`.
#
# Lets calls through that the rules need not look at closer, and hands every other one to agentguard,
# which rates it and then becomes the real program. It uses
# builtins and absolute paths only, and names no variable that a program could know, because
# an exported variable that is assigned here would reach the real program changed.

# How many shims this call is below: a program that starts the first of its own name on PATH would come back here for
# ever. Whoever sets this can only have a call refused.
AGENTGUARD_DEPTH=x${AGENTGUARD_DEPTH-}
export AGENTGUARD_DEPTH
if [ ${#AGENTGUARD_DEPTH} -gt 32 ]; then
    printf 'agentguard: %s was not run: it is below 32 guarded calls, as when a program named %s on PATH starts %s\n' \
        @NAME@ @NAME@ 'the first of its name there instead of the real one by its full path' >&2
    exit 126
fi

@PLAIN@# Python changes signal dispositions when it starts. Which signals were ignored before that
# is to be read here: a mask in hexadecimal on Linux, nothing where there is no /proc.
_ag_ignored=
if [ -r "/proc/$$/status" ]; then
    while read -r _ag_field _ag_value; do
        if [ "$_ag_field" = SigIgn: ]; then
            _ag_ignored=$_ag_value
            break
        fi
    done <"/proc/$$/status"
fi

if [ ! -x @ROOT@/current/python ]; then
    _ag_missing=@ROOT@/current/python
elif [ ! -r @ROOT@/current/enter.py ]; then
    _ag_missing=@ROOT@/current/enter.py
else
    # -I -S -B: nothing is loaded that the caller, its directory or a user site could have placed.
    exec @ROOT@/current/python -I -S -B -X utf8 @ROOT@/current/enter.py "$_ag_ignored:@FACTORS@" @NAME@ "$@"
fi

# `current/python` is a link to the interpreter of install time, which may be what has gone.
printf 'agentguard: cannot judge this call of %s: %s is missing; a person can repair it with `agentguard install`\n' \
    @NAME@ "$_ag_missing" >&2
exit 126
