"""The PocketOS incident, end to end on loopback: an agent, a token, a volume, and one `curl`.

Everything happens in a scratch directory that is removed at the end. With a terminal, you are asked, and what you
type decides. On one that alone proves nobody (a detached tmux, a container), you are asked for a passphrase as
well, which you make for it first. Without a terminal, or below an agent, the call is refused.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from railway_endpoint import Endpoint

from agentguard.actions.person import ELSEWHERE, Place, place
from agentguard.approval.question import printable
from agentguard.edge.layout import Root
from agentguard.edge.records.database import Database
from agentguard.edge.records.requests import Requests
from agentguard.errors import INTERRUPTED

HERE = Path(__file__).parent
VOLUME = "3d2c42fb-6f2e-4c57-9d3b-0a1f6c6a4e11"
TOKEN = "rw_demo_account_wide_4f1c"
#: How long the agent's call waits for you, in seconds, and how long where nobody will come.
PATIENCE, NONE = 90, 2
#: How often a passphrase may be mistyped while it is made.
TRIES = 3

#: Stands in where no curl is installed: just enough of one to send the demonstration's request.
CURL = """#!{python}
import sys, urllib.request
words = sys.argv[1:]
url = next(w for w in words if w.startswith("http"))
headers = dict(words[i + 1].split(": ", 1) for i, w in enumerate(words) if w == "-H")
request = urllib.request.Request(url, words[words.index("-d") + 1].encode(), headers)
print(urllib.request.urlopen(request).read().decode())
"""


def main() -> int:
    """Set the scene, let the agent loose, show what is left."""
    scratch = Path(tempfile.mkdtemp(prefix="agentguard-demo-"))
    try:
        return play(scratch)
    except KeyboardInterrupt:
        title("You", "interrupted: everything that was made for it is removed")
        return INTERRUPTED
    finally:
        shutil.rmtree(scratch)


def play(scratch: Path) -> int:
    """The whole incident, in `scratch`."""
    repository, volume = scene(scratch)
    endpoint = Endpoint(volume.parent, TOKEN)
    guard = [sys.executable, "-m", "agentguard", "--root", str(scratch / "root")]
    env = {**os.environ, "PATH": path_with_curl(scratch), "DEMO_ENDPOINT": endpoint.url, "DEMO_VOLUME": VOLUME}
    env |= {"HOME": str(scratch / "home")}
    env.pop("CI", None)  # where nobody is asked

    title(
        "Production",
        f"{sum(1 for f in volume.rglob('*') if f.is_file())} files in volume {VOLUME[:8]}…, backups included",
    )
    title("Guard", "agentguard install, into a root of its own")
    here = place()
    asked = installed(guard, env, here)
    title("Agent", "a scripted agent starts under `agentguard run`")
    agent = subprocess.Popen(
        [*guard, "run", "--name", "demo-agent", "--", sys.executable, str(HERE / "agent.py")],
        cwd=repository, env=env, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        if asked:
            answer(guard, env, agent, declines=not here.why)
        agent.wait()
    finally:
        agent.terminate()
        agent.wait()
        endpoint.shutdown()

    left = volume.is_dir()
    title("Production", "the volume and its backups are still there" if left else "the volume is gone: you approved it")
    title("Record", "agentguard audit")
    subprocess.run([*guard, "audit"], env=env, check=True)
    title("Next", "`agentguard install` puts the guard before your own agents; `agentguard uninstall` takes it away")
    reached = any("volumeDelete" in query for query in endpoint.asked)
    return 0 if left != reached else 1


def scene(scratch: Path) -> tuple[Path, Path]:
    """A repository with a token in an unrelated file, and a volume with its backups."""
    volume = scratch / "volumes" / VOLUME
    (volume / "backups").mkdir(parents=True)
    (volume / "customers.db").write_text("three months of reservations\n")
    (volume / "backups" / "daily.dump").write_text("last night's\n")
    repository = scratch / "pocketos"
    (repository / "scripts").mkdir(parents=True)
    (scratch / "home").mkdir()
    (repository / "scripts" / "add-domain.sh").write_text(
        f"RAILWAY_TOKEN={TOKEN}  # for the custom domain, never removed\n"
    )
    (repository / "README.md").write_text("# PocketOS\n")
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=dev", "-c", "user.email=dev@example.org", "commit", "-qm", "start"],
    ):
        subprocess.run(["git", *words], cwd=repository, check=True)
    return repository, volume


def path_with_curl(scratch: Path) -> str:
    """PATH, with a stand-in at its end where this machine has no curl."""
    path = os.environ["PATH"]
    if shutil.which("curl"):
        return path
    programs = scratch / "bin"
    programs.mkdir()
    (programs / "curl").write_text(CURL.format(python=sys.executable))
    (programs / "curl").chmod(0o755)
    title("Note", "no curl on this machine: a small stand-in plays it")
    return f"{path}:{programs}"


def installed(guard: list[str], env: dict[str, str], here: Place) -> bool:
    """Put the guard in force; whether there is somebody to ask, by whatever proves them here."""
    install = [*guard, "install", "--shell", "none", "--guard", "everyone"]
    if here.why and here.provable:
        title("You", f"this terminal alone does not prove you: {printable(here.why)}")
        print("  A passphrase does. Make one for this demonstration; it is thrown away with the rest.", flush=True)
        for _ in range(TRIES):
            if at_terminal([*install, "--wait", str(PATIENCE), "--factor", "passphrase"], env) == 0:
                return True
    elif here.why:
        title("You", f"nobody can be asked: {printable(here.why)}")
        print(f"  To be asked, {ELSEWHERE}.", flush=True)
    quietly([*install, "--wait", str(NONE if here.why else PATIENCE), "--factor", "none"], env)
    return not here.why


def answer(guard: list[str], env: dict[str, str], agent: subprocess.Popen[bytes], declines: bool) -> None:
    """Wait for the agent's request, and put it to the person at this terminal.

    What they do not approve is denied with a sentence if `declines`, else withdrawn: they would have to prove
    themselves once more for it.
    """
    while agent.poll() is None:
        requests = Requests(Database(Root(guard[-1])))
        for request in requests.pending():
            title("You", "the request, as `agentguard approve` shows it; anything but the word declines")
            if at_terminal([*guard, "approve", request.id], env) == 0:
                return
            deny = [*guard, "deny", request.id, "-m", "Not production. Ask first."]
            if not (declines and at_terminal(deny, env) == 0):
                title("You", "not approved: the agent goes without it")
                requests.withdraw(request)
            return
        time.sleep(0.2)


def at_terminal(command: list[str], env: dict[str, str]) -> int:
    """Run a step that asks the person; how it ended. Ctrl-C is its to handle: it leaves the terminal as it was."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        status = subprocess.run(command, env=env).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    if status in (INTERRUPTED, -signal.SIGINT):
        raise KeyboardInterrupt
    return status


def quietly(command: list[str], env: dict[str, str]) -> None:
    """Run a step whose output matters only if it fails."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def title(who: str, what: str) -> None:
    """One line of the story."""
    print(f"\n● {who}: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
