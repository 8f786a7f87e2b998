"""Draws docs/watch.svg and docs/watch-request.svg: the view of `agentguard watch`, with invented requests."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from pathlib import Path

from agentguard.approval.question import Question
from agentguard.approval.request import Asked
from agentguard.core.caller import Origin, Session
from agentguard.core.effect import Reason
from agentguard.edge.caller.processes import this_process
from agentguard.edge.factors.factors import Factor
from agentguard.edge.layout import Root
from agentguard.edge.records.audit_log import AuditLog
from agentguard.edge.records.database import Database
from agentguard.edge.records.requests import Requests
from agentguard.watch.app import Watch

DOCS = Path(__file__).parent
VOLUME = "3d2c42fb-6f2e-4c57-9d3b-0a1f6c6a4e11"
DOCUMENT = f'{{"query":"mutation {{ volumeDelete(volumeId: \\"{VOLUME}\\") }}"}}'


class Nobody:
    """Gives no answers on: these calls were never made."""

    def factors(self, requests: object) -> tuple[Factor, ...]:
        """None is wanted."""
        return ()

    def approve(self, requests: object, factor: object, passphrase: object) -> str:
        """Does nothing."""
        return ""

    def deny(self, requests: object, words: str) -> str:
        """Does nothing."""
        return ""


def question(*argv: str, rule: str, because: str, safer: str, targets: tuple[str, ...], **more: object) -> Question:
    """One call as it is put to a person."""
    reason = Reason(rule, argv[0], because, safer)
    real = f"/usr/bin/{argv[0]}"
    return Question(
        argv, argv, "/srv/shop", real, "destructive", "", (reason,), targets, "", "claude (pid 48211)", "claude"
    ).replace(program=argv[0], **more)


VOLUME_DELETE = question(
    "curl", "-sS", "-X", "POST", "https://backboard.railway.app/graphql/v2",
    "-H", "Authorization: Bearer ***", "-H", "Content-Type: application/json", "-d", DOCUMENT,
    rule="railway-volume-delete",
    because="backboard.railway.app mutation volumeDelete deletes a volume and all its backups",
    safer="query first what the volume holds, and ask whose it is",
    targets=(f"volume {VOLUME}",),
    catastrophic=f"volume {VOLUME}", word=VOLUME, environment="production (host backboard.railway.app)",
)  # fmt: skip
PUSH = question(
    "git", "push", "--force", "origin", "main",
    rule="git-push-force", because="replaces what others have pushed to origin/main: 3 commits",
    safer="git push --force-with-lease, or push to a branch of your own", targets=("ref origin/main",),
)  # fmt: skip
DROP = question(
    "psql", "-h", "db.staging.internal", "-c", "DROP TABLE sessions CASCADE",
    rule="sql-drop-table", because="drops the table sessions and what depends on it",
    safer="pg_dump -t sessions first", targets=("table shop.public.sessions",),
    environment="staging (host db.staging.internal)",
)  # fmt: skip


def uploads(number: int) -> Question:
    """One call of a loop."""
    return question(
        "rm", "-rf", f"uploads/{number:03}",
        rule="rm-removes", because="removes for good: 214 files not known to git",
        safer="move it aside (mv), or use trash-put", targets=(f"directory /srv/shop/uploads/{number:03}",),
    )  # fmt: skip


def scene(root: Root) -> None:
    """What waits, and what has passed."""
    now = time.time()
    row = {"session_name": "claude (pid 48211)"}
    database = Database(root, lambda: now)
    log = AuditLog(database)

    def put(question: Question, ago: float, loop: bool = False, wait: float = 100) -> None:
        above = (this_process(),) if loop else ()
        there = Database(root, lambda: now - ago)
        caller = Origin(1000, Session("s", question.session), above)
        request = Requests(there).submit(Asked(question, f"{question.argv}"), caller).request
        waits = {"pid": this_process().pid, "start": this_process().start, "seconds": wait}
        facts = {"request": request.id, "group": request.group_leader, "agent": "claude", "argv": list(question.argv)}
        AuditLog(there).append("asked", {**row, **facts, "waits": waits})
        there.close()

    put(DROP, 164)
    for number in range(87):
        put(uploads(number), 41, loop=True)
    put(PUSH, 23)
    for kind, argv, why in (
        ("ran", ["git", "status", "--short"], ""),
        ("ran", ["railway", "logs", "--service", "api"], ""),
        ("ran", ["psql", "-c", "select count(*) from sessions"], ""),
        ("attempt", ["agentguard", "approve"], "this was called below claude (pid 48211)"),
    ):
        log.append(kind, {**row, "argv": argv, **({"why": why} if why else {})})
    put(VOLUME_DELETE, 4)
    database.close()


async def draw(root: Root) -> None:
    """The list, and the worst of what waits in full."""
    app = Watch(root, Nobody())
    async with app.run_test(size=(132, 34)) as pilot:
        await pilot.pause(1.5)
        await pilot.press("down", "down")
        await pilot.pause(0.5)
        save("watch.svg", app.export_screenshot(title="agentguard watch"))
        await pilot.press("enter")
        await pilot.pause(1.5)
        await pilot.press(*VOLUME[:13])
        await pilot.pause(0.2)
        save("watch-request.svg", app.export_screenshot(title="agentguard watch"))


def save(name: str, picture: str) -> None:
    """Under names inside that are the same each time, so that only what is drawn makes a difference."""
    (DOCS / name).write_text(re.sub(r"terminal-\d+", "terminal", picture))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        scene(Root(scratch))
        asyncio.run(draw(Root(scratch)))
