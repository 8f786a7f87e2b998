#!@SHELL@
# agentguard shim for @NAME@
# Made by `agentguard install`, taken away by `agentguard uninstall`.
#
# Lets calls through that the rules need not look at closer, and hands every other one to agentguard,
# which rates it and then becomes the real program. It uses
# builtins and absolute paths only, and names no variable that a program could know, because
# an exported variable that is assigned here would reach the real program changed.

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
