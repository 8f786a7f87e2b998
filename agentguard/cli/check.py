"""`agentguard check`: what a command line, or a call, would be rated. Nothing is run."""

from __future__ import annotations

import click

from ..edge.layout import Root
from .rated import Asked, answer, is_call


class _Check(click.Command):
    """Options end at the first word; whether `--` ended them tells a call of one word from a line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["is_call"] = is_call(args)
        return super().parse_args(ctx, args)


@click.command(cls=_Check, context_settings={"allow_interspersed_args": False})
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--explain", is_flag=True, help="Show how it was read, which rules spoke, and what was looked up.")
@click.option("--batch", is_flag=True, help="Rate the JSON Lines on standard input, one line of output for each.")
@click.option(
    "--exit-code", is_flag=True, help="End with 0 if it would run, 3 if a person is asked, 4 if it is refused."
)
@click.argument("words", nargs=-1, metavar="'COMMAND LINE' | -- ARGV...")
@click.pass_context
def check(
    ctx: click.Context, as_json: bool, explain: bool, batch: bool, exit_code: bool, words: tuple[str, ...]
) -> int:
    """Rate a command line without running it.

    One argument is a command line, read as a shell would read it. Several words, or whatever
    follows `--`, are the program and the arguments of one call.

    With --batch, each line of standard input is an object with either "command" (a command line)
    or "argv" (a list of words), and if wanted "id" (anything; it comes back), "cwd" (a directory)
    and "env" (variables that are set for this line, null unsets one; all others are as they are
    here). A line that cannot be taken gives an object with "error", and the next one is read.

    \b
    Examples:
      agentguard check 'git add -A && git reset --hard origin/main'
      agentguard check --explain -- rm -rf ./data
      agentguard check --exit-code 'make clean' || echo 'somebody has to look'
      echo '{"command": "make clean", "cwd": "/srv/app"}' | agentguard check --batch
    """
    root: Root = ctx.obj
    return answer(Asked(words, ctx.meta["is_call"], as_json, explain, batch, exit_code), lambda: root)
