"""`agentguard doctor`: proves, by trying it, that the guard is in force, and has a person mend what is not."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..actions.health.examination import examine
from ..actions.health.finding import Finding
from ..actions.mending import mend, mender, remedies
from ..approval.question import printable
from ..edge.layout import Root
from .style import is_styled
from .tabular import tell

_LOOKS = {"good": "green", "bad": "bold red", "absent": "dim", "note": "yellow"}


@click.command()
@click.option("--mend", "mends", is_flag=True, help="Mend what can be mended. Only a person may.")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as a JSON array.")
@click.pass_obj
def doctor(root: Root, mends: bool, as_json: bool) -> int:
    """Prove that the guard is in force.

    Starts every shell in every way an agent does, and makes real calls. Exit status 0 if all is
    good, 1 otherwise. With --mend, what is broken is mended first: nothing that is put aside is
    lost, and what was done is on the record. Into a pipe or a file each check is a line of fields
    between tabs: its state (good, bad, absent, note), what was looked at, what is so, what to do.

    \b
    Examples:
      agentguard doctor
      agentguard doctor --mend
      agentguard doctor --json | jq '.[] | select(.state == "bad")'
    """
    if mends and remedies(root):
        for told in mend(root, mender(root)):
            click.echo(printable(f"{told}."), err=True)
    findings = list(examine(root))
    if as_json:
        click.echo(json.dumps([_told(finding) for finding in findings], indent=2))
    elif is_styled():
        _show(findings)
    else:
        tell((finding.state, finding.subject, finding.detail, finding.hint) for finding in findings)
    return int(any(finding.state == "bad" for finding in findings))


def _told(finding: Finding) -> dict[str, str]:
    told = {field: getattr(finding, field) for field in ("subject", "state", "detail", "hint")}
    return {**told, "mend": finding.remedy.deed if finding.remedy else ""}


def _show(findings: list[Finding]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        detail = Text(printable(finding.detail))
        if finding.hint:
            detail.append(f"\n→ {printable(finding.hint)}", style="italic")
        table.add_row(Text(finding.state, style=_LOOKS[finding.state]), finding.subject, detail)
    Console().print(table)
    bad = sum(finding.state == "bad" for finding in findings)
    click.echo(f"{bad} thing{'s' * (bad > 1)} to mend." if bad else "The guard is in force.")
    if any(finding.remedy for finding in findings):
        click.echo("`agentguard doctor --mend` mends what it can of this.")
