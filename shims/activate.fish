# agentguard: puts the shims first on PATH, once, and last what `agentguard` itself is found in where nothing else has it.
# For fish.
while set -l _agentguard (contains -i -- @SHIMS@ $PATH)
    set -e PATH[$_agentguard]
end
contains -- @ROOT@/bin $PATH; or set -gxa PATH @ROOT@/bin
set -gx PATH @SHIMS@ $PATH
