# agentguard: puts the shims first on PATH, if they are not first already. For fish.
if test "$PATH[1]" != @SHIMS@
    set -gx PATH @SHIMS@ $PATH
end
