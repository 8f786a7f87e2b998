# agentguard: puts the shims first on PATH, if they are not first already. For sh, bash and zsh.
case ${PATH-} in
    @SHIMS@ | @SHIMS@:*) ;;
    *)
        PATH=@SHIMS@${PATH:+:$PATH}
        export PATH
        ;;
esac
