"""A group of verbs that says which one was probably meant."""

from __future__ import annotations

from difflib import get_close_matches

import click


class Suggesting(click.Group):
    """A click group: for `chek` its error says that `check` was probably meant. For options, click says so itself."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that is called, by its name."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError as fault:
            near = get_close_matches(args[0], self.list_commands(ctx), 1)
            if not near:
                raise
            raise click.UsageError(f"{fault.message} Did you mean {near[0]!r}?", ctx) from fault
