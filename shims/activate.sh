# agentguard: puts the shims first on PATH, once, and last what `agentguard` itself is found in where nothing else has it.
# For sh, bash and zsh.
_agentguard=:${PATH:+$PATH:}
while case $_agentguard in *:@SHIMS@:*) ;; *) false ;; esac; do
    _agentguard=${_agentguard%%:@SHIMS@:*}:${_agentguard#*:@SHIMS@:}
done
case $_agentguard in *:@ROOT@/bin:*) ;; *) _agentguard=$_agentguard@ROOT@/bin: ;; esac
_agentguard=${_agentguard#:}
PATH=@SHIMS@:${_agentguard%:}
export PATH
unset _agentguard
# bash remembers where a program was: let it look again when the shims have gone.
[ -z "${BASH_VERSION-}" ] || shopt -s checkhash
