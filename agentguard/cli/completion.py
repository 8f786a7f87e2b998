"""`agentguard completion`: what a shell reads to complete verbs, options and their values."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

#: zsh completes nothing by itself until `compinit` has run, which leaves no file behind here.
_READY = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i -D }"
#: How click's script tells that it lies in a directory of `fpath`, true for its first use only; and what always is.
_ONCE, _ALWAYS = "$zsh_eval_context[-1] == loadautofunc", "$funcstack[1] == _agentguard"


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what completes `agentguard` in a shell.

    Nothing else is needed: one line in a start-up file of that shell, as below, or the output in a file of its own
    where the shell looks for completions.

    \b
    Examples:
      agentguard completion fish | source        # in ~/.config/fish/config.fish
      eval "$(agentguard completion bash)"       # in ~/.bashrc
      eval "$(agentguard completion zsh)"        # in ~/.zshrc
      agentguard completion fish >~/.config/fish/completions/agentguard.fish
    """
    complete = get_completion_class(shell)
    assert complete is not None, shell
    made = complete(ctx.find_root().command, {}, "agentguard", "_AGENTGUARD_COMPLETE").source()
    click.echo(f"#compdef agentguard\n{_READY}\n{made.replace(_ONCE, _ALWAYS)}" if shell == "zsh" else made)
