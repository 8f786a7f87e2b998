"""The view, driven by keys as a person presses them, on a screen that is kept in memory."""

from __future__ import annotations

import asyncio
import html
import os
import re
import socket
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.records import Records
from textual.pilot import Pilot
from textual.widgets import Input

from agentguard.actions.answer import Answers
from agentguard.actions.person import Person
from agentguard.approval.request import FLOOD, REQUEST_LIFE, Request
from agentguard.edge.caller.processes import this_process
from agentguard.edge.factors.factors import Factor
from agentguard.edge.layout import Root
from agentguard.errors import Unproven
from agentguard.watch.app import Watch
from agentguard.watch.inbox import Inbox
from agentguard.watch.list_screen import ListScreen
from agentguard.watch.screens import Approval, Asking

Put = Callable[..., Request]


class Hands:
    """A person at the view."""

    def __init__(self, app: Watch, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    def screen(self) -> str:
        """What is to be seen, as lines."""
        lines: dict[int, str] = {}
        pieces = re.findall(r'<text [^>]*?x="([\d.]+)"[^>]*?-line-(\d+)\)">(.*?)</text>', self.app.export_screenshot())
        for x, line, piece in pieces:
            shown = html.unescape(piece).replace("\xa0", " ")
            lines[int(line)] = lines.get(int(line), "").ljust(round(float(x) / 12.2)) + shown
        return "\n".join(lines[line] for line in sorted(lines))

    async def sees(self, *texts: str, seconds: float = 60) -> str:
        """Wait until all of this is to be seen."""
        end = time.monotonic() + seconds
        while not all(text in " ".join(self.screen().split()) for text in texts):
            assert time.monotonic() < end, f"{texts} are not shown, but\n{self.screen()}"
            await self.pilot.pause(0.05)
        return self.screen()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def types(self, text: str) -> None:
        await self.pilot.press(*text)

    async def opens(self, *keys: str) -> None:
        """Open the marked question and wait until an answer can be typed."""
        await self.press(*(keys or ("enter",)))
        await self.ready()

    async def ready(self) -> None:
        end = time.monotonic() + 60
        while not (isinstance(self.app.screen, Asking) and isinstance(self.app.focused, Input)):
            assert time.monotonic() < end, self.screen()
            await self.pilot.pause(0.05)


Journey = Callable[[Hands], Awaitable[None]]


@pytest.fixture
def watch(root: Root, records: Records) -> Callable[..., None]:
    """Run a journey through the view."""

    def run(journey: Journey, width: int = 130, height: int = 36) -> None:
        async def main() -> None:
            app = Watch(root, Answers(root, lambda: Person({"uid": os.getuid()}), "watch"))
            async with app.run_test(size=(width, height)) as pilot:
                await journey(Hands(app, pilot))

        asyncio.run(main())

    return run


def state(records: Records, request: Request) -> str:
    return records.requests.request(request.id).state


def kinds(records: Records) -> list[str]:
    return [str(row.body["kind"]) for row in records.log.rows(newest=False)]


# What is shown


def test_a_call_arrives(watch: Callable[..., None], put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(Watch, "bell", lambda self: rung.append(True))

    async def journey(hands: Hands) -> None:
        await hands.sees("Nothing waits")
        put("rm", "-rf", "data", catastrophic="the volume data", targets=("directory /srv/app/data",))
        await hands.sees("1 question waits", "CATASTROPHIC", "-rf data", "removes what git", "git stash -u")
        await hands.sees("claude", "/srv/app", "directory /srv/app/data")
        assert rung == [True]
        put("rm", "more")
        await hands.sees("2 questions wait")
        assert rung == [True, True]

    watch(journey, 200)


def test_a_flood_is_a_few_questions_and_can_be_denied_as_one(
    watch: Callable[..., None], put: Put, records: Records
) -> None:
    flood = [put("rm", f"file-{n}") for n in range(FLOOD + 4)]

    async def journey(hands: Hands) -> None:
        seen = await hands.sees("9 questions wait for you, 9 of them of one session: x denies all of it")
        assert "file-4" in seen and "file-5" not in seen
        put("rm", "file-9")
        await hands.sees("10 questions wait")
        await hands.opens("x")
        await hands.sees("Deny it, all else that waits of its session, and what that asks within ten minutes.")
        await hands.types("stop")
        await hands.press("enter")
        await hands.sees("Nothing waits", "Denied 10 of claude (pid 7), and whatever it asks within 10 minutes.")

    watch(journey)
    assert {state(records, one) for one in flood} == {"denied"}
    assert kinds(records) == ["denied"] * (FLOOD + 5) + ["silenced"]


def test_its_age_ticks(watch: Callable[..., None], put: Put) -> None:
    put("rm", "data")

    async def journey(hands: Hands) -> None:
        await hands.sees("2 s destructive")
        await hands.sees("3 s destructive")

    watch(journey)


def test_what_nobody_waits_for_is_marked_and_sinks(watch: Callable[..., None], put: Put, records: Records) -> None:
    def asked(request: Request, seconds: float, below: tuple[int, int]) -> None:
        """The row that a call leaves; its process is this one."""
        waits = {"pid": os.getpid(), "start": this_process().start, "seconds": seconds}
        row = {"request": request.id, "agent": "claude", "session_name": "claude (pid 7)", "below": below}
        records.log.append("asked", {**row, "waits": waits})

    here = (os.getpid(), this_process().start)
    first, second = put("rm", "first"), put("rm", "second")
    asked(first, 1000.0, here)
    asked(second, 900.0, here)

    async def journey(hands: Hands) -> None:
        seen = await hands.sees("2 questions wait", "first", "second", "s left")
        assert seen.index("first") < seen.index("second")
        asked(first, 0.0, here)
        seen = await hands.sees("1 question waits for you, 1 of a call that gave up", "gave up")
        assert seen.index("second") < seen.index("first")
        await hands.sees("command rm second")  # nobody had moved the mark: it goes to what waits
        await hands.press("down")
        await hands.sees("command rm first")
        asked(first, 0.0, (1, 1))
        await hands.sees("gone")
        await hands.opens()  # where a person has moved it, it stays
        await hands.sees("rm first", f"Request {first.id}", "What made it has ended: an answer is of use only if")

    watch(journey)


HOSTILE = "[red]x[/red] [@click=app.quit]y[/] \x1b[2J\x07 \n asked by you \u202e\udcff"
LITERAL = r"[red]x[/red] [@click=app.quit]y[/] \x1b[2J\x07 \n asked by you \u202e\xff"


def test_hostile_text_is_shown_and_not_obeyed(watch: Callable[..., None], put: Put, records: Records) -> None:
    argument = HOSTILE.encode("utf-8", "backslashreplace").decode()
    literal = LITERAL.replace(r"\xff", r"\\udcff")
    request = put("rm", argument, cwd="/[b]in[/b]", session="[blink]me", agent="[u]a", targets=("file [i]z[/i]",))
    records.requests.answer((put("rm", "[bold]gone[/bold]\x1b[2J"),), False, {}, "[red]no[/red]")

    async def journey(hands: Hands) -> None:
        await hands.sees(literal, "/[b]in[/b]", "[blink]me", "[u]a", "[i]z[/i]")
        await hands.sees(r"[bold]gone[/bold]\x1b[2J", "[red]no[/red]")
        await hands.opens()
        await hands.sees(literal, "/[b]in[/b]", "[blink]me", "[i]z[/i]")
        assert state(records, request) == "open"

    watch(journey, 230)


def test_a_long_argument_is_shown_to_its_end(watch: Callable[..., None], put: Put) -> None:
    put("sh", "-c", "echo harmless; " * 3000 + "rm -rf /")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        await hands.opens()
        for _ in range(40):
            await hands.press(*["pagedown"] * 40)
            if "rm -rf /" in hands.screen():
                return
        raise AssertionError(hands.screen())

    watch(journey)


def test_what_passes_is_told(watch: Callable[..., None], records: Records) -> None:
    records.log.append("ran", {"program": "git", "argv": ["git", "status"], "session_name": "claude"})

    async def journey(hands: Hands) -> None:
        await hands.sees("ran claude git status")
        records.log.append(
            "attempt", {"program": "agentguard", "argv": ["agentguard", "approve"], "why": "below claude"}
        )
        await hands.sees("attempt agentguard approve below claude")
        for number in range(400):
            records.log.append("ran", {"argv": ["git", "log", f"-{number}"]})
        await hands.sees("git, last: git log -399")

    watch(journey)


def test_a_row_may_hold_anything(watch: Callable[..., None], records: Records) -> None:
    records.log.append("[x]", {"argv": 7, "why": {"a": []}, "session_name": None})
    records.log.append("ran", {"argv": [None, {"b": 1}], "answer": 3.5})

    async def journey(hands: Hands) -> None:
        await hands.sees("[x]", "'{'\"'\"'b'\"'\"': 1}'")

    watch(journey)


def test_help(watch: Callable[..., None]) -> None:
    async def journey(hands: Hands) -> None:
        await hands.press("question_mark")
        await hands.sees("No single key approves anything")
        await hands.press("escape")
        await hands.sees("Nothing waits")

    watch(journey)


# Answers


def test_the_word(watch: Callable[..., None], put: Put, records: Records) -> None:
    request = put("psql", "-c", "drop table t", word="shop")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        await hands.opens("o")
        await hands.sees("Type shop to approve it", f"Request {request.id}")
        for wrong in ("DELETE", "Shop", "shop ", "y", ""):
            await hands.types(wrong)
            await hands.press("enter")
            await hands.sees("shop was not typed")
            assert state(records, request) == "open"
        await hands.types("shop")
        assert state(records, request) == "open"
        await hands.press("enter")
        await hands.sees(f"Approved {request.id}", "Nothing waits", "approved claude (pid 7) psql")

    watch(journey)
    assert state(records, request) == "approved"
    assert kinds(records) == ["approved"]


@pytest.mark.parametrize("key", ["d", "enter"])
def test_deny_with_a_sentence(watch: Callable[..., None], put: Put, records: Records, key: str) -> None:
    request = put("rm", "data")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        await hands.opens(key)
        if key == "enter":
            await hands.types("DEL")
            await hands.press("ctrl+d")
            await hands.ready()
        await hands.sees("Deny it. What is the agent to read?", "rm data")
        await hands.types("not in production: use staging?")
        await hands.press("enter")
        await hands.sees(f"Denied {request.id}: rm data", "denied claude (pid 7) rm data")

    watch(journey)
    after = records.requests.request(request.id)
    assert (after.state, after.answer) == ("denied", "not in production: use staging?")


def test_leaving(watch: Callable[..., None], put: Put, records: Records) -> None:
    request = put("rm", "data")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        for key in ("enter", "d"):
            await hands.opens(key)
            await hands.types("DELETE")
            await hands.press("escape")
            await hands.sees("1 question waits")
        await hands.opens()
        await hands.press("enter")
        await hands.sees("DELETE was not typed")

    watch(journey)
    assert state(records, request) == "open"
    assert kinds(records) == []


def test_a_group_is_one_question(watch: Callable[..., None], put: Put, records: Records) -> None:
    shown = [put("rm", f"file-{number}", loop=True, targets=(f"file /srv/{number}",)) for number in range(3)]
    late: list[Request] = []

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits", "rm ×3")
        await hands.opens()
        await hands.sees("Type DELETE 3 to approve exactly these 3", "rm file-2", "file /srv/2")
        late.append(put("rm", "file-3", loop=True))
        await hands.sees("1 more has come, not shown here")
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees("DELETE 3 was not typed")
        await hands.types("DELETE 3")
        await hands.press("enter")
        await hands.sees("Each of the same calls passes once", "1 question waits", "file-3")

    watch(journey)
    assert [state(records, one) for one in shown] == ["approved"] * 3
    assert state(records, late[0]) == "open"


def test_answered_elsewhere(watch: Callable[..., None], put: Put, records: Records) -> None:
    fates = {
        "approved elsewhere": lambda one: records.requests.answer((one,), True, {}),
        "denied elsewhere": lambda one: records.requests.answer((one,), False, {}),
        "its caller has gone": records.requests.withdraw,
    }

    async def journey(hands: Hands) -> None:
        for fate, befall in fates.items():
            request = put("rm", fate)
            await hands.sees("1 question waits")
            await hands.opens()
            await hands.types("DELETE")
            befall(request)
            await hands.sees(f"Request {request.id} no longer waits", fate)
            await hands.press("enter", "escape")
            await hands.sees("Nothing waits")

    watch(journey)
    assert kinds(records) == ["approved", "denied"]


def test_answered_elsewhere_in_the_same_moment(
    watch: Callable[..., None], put: Put, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = put("rm", "data")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        await hands.opens()
        monkeypatch.setattr("agentguard.watch.inbox.Inbox.waits", lambda self, group: True)
        records.requests.answer((request,), False, {}, "no")
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees(f"request {request.id} no longer waits: it is denied")

    watch(journey)
    assert kinds(records) == ["denied"]


def test_a_look_while_a_question_is_put_up_or_the_view_taken_down(watch: Callable[..., None], put: Put) -> None:
    """Nothing is there yet, or any more, to say it on."""
    group = (put("rm", "one"),)

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        hands.app.push_screen(question := Approval(group))
        question.see(Inbox(), "")
        await hands.ready()

    watch(journey)
    assert not ListScreen().stands


def test_one_that_is_too_old(watch: Callable[..., None], root: Root, put: Put) -> None:
    put("rm", "old", into=Records(root, now=lambda: time.time() - REQUEST_LIFE + 4))

    async def journey(hands: Hands) -> None:
        await hands.sees("59 min destructive")
        await hands.opens()
        await hands.sees("nobody answered it for too long")

    watch(journey)


def test_one_of_several_factors(
    watch: Callable[..., None], root: Root, put: Put, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = put("rm", "data", factor=True)
    there = tuple(Factor("passphrase", name, "ssh-ed25519 AAAA") for name in ("[b]one[/b]", "two"))
    signed: list[tuple[str, str | None]] = []

    def approve(self: Answers, requests: tuple[Request, ...], factor: Factor, passphrase: str | None) -> str:
        signed.append((factor.name, passphrase))
        if passphrase != "horse":
            raise Unproven("that is not the passphrase")
        with closing(Records(root)) as its_own:  # SQLite wants one for each thread
            its_own.requests.answer(requests, True, {})
        return "Approved."

    monkeypatch.setattr(Answers, "factors", lambda self, requests: there)
    monkeypatch.setattr(Answers, "approve", approve)

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        await hands.opens()
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees("which factor (1: [b]one[/b], 2: two)?")
        await hands.ready()
        for wrong in ("3", "two", ""):
            await hands.types(wrong)
            await hands.press("enter")
            await hands.sees("no factor was chosen")
        await hands.types("2")
        await hands.press("enter")
        await hands.sees("Passphrase of two")
        for passphrase in ("guess", "horse"):
            await hands.ready()
            await hands.types(passphrase)
            assert passphrase not in hands.screen()
            assert state(records, request) == "open"
            await hands.press("enter")
            await hands.sees("that is not the passphrase" if passphrase == "guess" else "Nothing waits")

    watch(journey)
    assert signed == [("two", "guess"), ("two", "horse")]


# Keys that came too early


def test_keys_before_a_question_stood_there_are_no_answer(
    watch: Callable[..., None], put: Put, records: Records
) -> None:
    request = put("rm", "data")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        for opening in ("enter", "d"):
            await hands.press(opening, *"DELETE", "enter", "enter")
            await hands.ready()
            assert hands.app.focused is not None and hands.app.screen.query_one(Input).value == ""
            await hands.press("escape")
            await hands.sees("1 question waits")

    watch(journey)
    assert state(records, request) == "open"


def test_one_that_arrives_takes_no_keys(watch: Callable[..., None], put: Put, records: Records) -> None:
    first = put("rm", "first")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        await hands.opens()
        await hands.types("DEL")
        second = put("rm", "second")
        await hands.pilot.pause(1.5)
        await hands.types("ETE")
        await hands.press("enter")
        await hands.sees(f"Approved {first.id}", "1 question waits")
        assert state(records, second) == "open"

    watch(journey)
    assert state(records, first) == "approved"


def test_typing_at_the_list_answers_nothing(watch: Callable[..., None], put: Put, records: Records) -> None:
    async def journey(hands: Hands) -> None:
        await hands.types("DELETE")
        await hands.press("enter")
        request = put("rm", "data")
        await hands.sees("1 question waits")
        await hands.types("DELETE y")
        assert state(records, request) == "open"
        await hands.sees("1 question waits")

    watch(journey)
    assert kinds(records) == []


def test_the_marked_one_stays_marked(watch: Callable[..., None], put: Put, records: Records) -> None:
    requests = [put("rm", f"file-{number}") for number in range(4)]

    async def journey(hands: Hands) -> None:
        await hands.sees("4 questions wait")
        await hands.press("down", "down")
        await hands.sees("command rm file-2")
        records.requests.answer((requests[0],), False, {})
        put("rm", "file-4")
        await hands.sees("denied claude (pid 7) rm file-0", "file-4")
        await hands.sees("command rm file-2")
        await hands.opens()
        await hands.sees(f"Request {requests[2].id}")

    watch(journey)


# What a long day brings


def test_a_hundred(watch: Callable[..., None], put: Put, records: Records) -> None:
    requests = [put("rm", f"file-{number}", session_id=f"session {number}") for number in range(100)]

    async def journey(hands: Hands) -> None:
        await hands.sees("100 questions wait")
        await hands.press("ctrl+end")
        await hands.sees("command rm file-99")
        await hands.opens()
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees("99 questions wait")
        records.requests.answer(tuple(requests[:98]), False, {})
        await hands.sees("1 question waits", "command rm file-98")

    watch(journey)
    assert state(records, requests[99]) == "approved"


def test_resized(watch: Callable[..., None], put: Put, records: Records) -> None:
    request = put("rm", "data", targets=tuple(f"file /srv/app/data/{number}" for number in range(20)))

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        for width, height in ((40, 10), (200, 60), (40, 10)):
            await hands.pilot.resize_terminal(width, height)
            await hands.sees("1 question waits", "rm")
            await hands.opens()
            await hands.sees("rm data", "Type DELETE to approve it")
            await hands.pilot.resize_terminal(height * 4, width // 4)
            await hands.sees("Type DELETE to approve it")
            await hands.pilot.resize_terminal(40, 10)
            await hands.press("escape")
            await hands.sees("1 question waits")
        await hands.opens()
        await hands.types("DELETE")
        await hands.sees("DELETE")
        await hands.press("enter")
        await hands.sees(f"Approved {request.id}")

    watch(journey, 100, 30)


def test_the_database_goes_and_comes_back(
    watch: Callable[..., None], root: Root, put: Put, records: Records, tmp_path: Path
) -> None:
    put("rm", "one")
    made: list[Request] = []

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        records.close()
        os.rename(root.data, tmp_path / "away")
        await hands.sees("The requests cannot be read", "No such file", "Trying on.", "rm one")
        await hands.opens()
        await hands.sees("cannot be read")
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees("it is not there now")
        os.rename(tmp_path / "away", root.data)
        await hands.press("escape")
        await hands.sees("can be read again", "1 question waits")
        os.rename(root.data, tmp_path / "away")
        made.append(put("rm", "two", into=Records(root)))
        await hands.sees("1 question waits", "rm two")
        await hands.opens()
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees(f"Approved {made[0].id}")
        os.replace(root.record, f"{root.record}.old")
        Path(root.record).write_bytes(b"no database")
        await hands.sees("cannot be read")

    watch(journey)


def test_the_database_is_locked(watch: Callable[..., None], root: Root, put: Put, records: Records) -> None:
    """Whoever holds it, the view goes on; an answer says that it could not be given, and can be given again."""
    request = put("rm", "one")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        await hands.opens()
        with closing(sqlite3.connect(root.record, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await hands.types("DELETE")
            await hands.press("enter")
            await hands.sees("One moment")
            await hands.sees("it is locked by another program")
        await hands.ready()
        await hands.press(*["backspace"] * 6)
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees(f"Approved {request.id}")

    watch(journey)


def test_what_is_shown_is_what_was_asked(watch: Callable[..., None], put: Put, records: Records) -> None:
    """Somebody has put the question of a harmless call into the row of another."""
    harmless, request = put("rm", "junk"), put("rm", "precious")
    with records.database.writing() as connection:
        connection.execute("UPDATE requests SET sheet = (SELECT sheet FROM requests WHERE id = ?)", (harmless.id,))

    async def journey(hands: Hands) -> None:
        await hands.sees("2 questions wait")
        await hands.press("down")
        await hands.opens()
        await hands.sees(f"Request {request.id}", "rm junk")
        await hands.types("DELETE")
        await hands.press("enter")
        await hands.sees(f"request {request.id} was changed after it was asked")

    watch(journey)
    assert state(records, request) == "open"


def test_a_request_that_agentguard_never_wrote(watch: Callable[..., None], put: Put, records: Records) -> None:
    put("rm", "one")

    async def journey(hands: Hands) -> None:
        await hands.sees("1 question waits")
        with records.database.writing() as connection:
            connection.execute("UPDATE requests SET sheet = '{}'")
        await hands.sees("is none that agentguard wrote")

    watch(journey)


@pytest.mark.parametrize("bus", ["none", "hangs", "nonsense"])
def test_a_desktop_that_does_not_answer(
    bus: str, watch: Callable[..., None], put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = {"none": "", "hangs": f"unix:path={tmp_path}/bus", "nonsense": "]["}[bus]
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/bus")
        server.listen()

        async def journey(hands: Hands) -> None:
            for number in range(3):
                put("rm", str(number))
                await hands.sees("command rm 0", f"rm {number}")
            assert "Traceback" not in hands.screen()

        watch(journey)
