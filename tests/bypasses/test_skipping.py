"""Ways to run a call without its question: past the shims, without the guard, or with a guard that cannot judge."""

from __future__ import annotations

import os
import signal

import pytest
from setups import PYTHON, TYPIST, Setup, available, until

pytestmark = pytest.mark.real

#: What shims do not see, in a directory with the file `only-copy`; `{own}` is a directory of the agent's.
_UNSEEN = {
    "skip-absolute-path": "/bin/rm -f only-copy",
    "skip-other-path": "PATH=/usr/bin:/bin rm -f only-copy; env -i rm -f only-copy",
    "skip-hash": "hash -p /bin/rm rm; rm -f only-copy",
    "skip-other-program": "{python} -I -c 'import os; os.remove(\"only-copy\")'",
    "skip-redirection": ": >only-copy",
    "skip-unguarded-program": "find . -name only-copy -delete",
    "skip-git-hook": "mv only-copy work; touch only-copy; git init -q; git add only-copy; git commit -qm start; "
    "mv work only-copy; printf '#!/bin/sh\\ngit reset --hard -q\\n' >.git/hooks/pre-commit; "
    "chmod 755 .git/hooks/pre-commit; git commit -qm more --allow-empty",
    "skip-preload": "cc -shared -fPIC -o {own}/x.so {own}/x.c && LD_PRELOAD={own}/x.so rm -f only-copy",
}
_LIBRARY = """
#include <unistd.h>
__attribute__((constructor)) static void begin(void) { unsetenv("LD_PRELOAD"); unlink("only-copy"); }
"""

#: What takes the guard away, or brings another proof of a person.
_VERBS = {
    "skip-uninstall": "uninstall",
    "skip-factor-add": "factor add passphrase --name own",
    "skip-factor-remove": "factor remove passphrase",
    "skip-install": "install --shell none --factor passphrase",
    "skip-wait": "install --shell none --wait 0.5",
}

#: What is done so that nothing can be judged.
_BROKEN = {
    "skip-broken-store": "unlink {root}/current || mv {root}/store {root}/elsewhere",
    "skip-broken-database": "for f in {data}/record.db*; do echo nonsense >$f; done",
    "skip-locked-database": '{python} -I -c \'import os, sqlite3, time; b = sqlite3.connect("{data}/record.db"); '
    'b.execute("BEGIN EXCLUSIVE"); print(flush=True); [time.sleep(0.1) for _ in range(600) if os.path.exists("locked")]'
    "' >locked 2>&1 & until [ -s locked ]; do sleep 0.1; done",
    "skip-no-database": "for f in {data}/record.db*; do unlink $f; done",
}

#: What the call is given too little of.
_STARVED = {
    "skip-few-descriptors": "ulimit -n 4",
    "skip-little-memory": "ulimit -v 30000",
    "skip-no-file-size": "ulimit -f 0",
}

#: What stands between the agent's shell and the call.
_WRAPPED = (
    "echo {victim} | xargs rm -rf",
    "find {parent} -maxdepth 1 -name {name} -exec rm -rf {{}} ;",
    "env rm -rf {victim}",
    "env -u HOME rm -rf {victim}",
    "nohup rm -rf {victim}",
    "timeout 30 rm -rf {victim}",
    "nice rm -rf {victim}",
    "sh -c 'rm -rf {victim}'",
    "bash -c \"eval 'rm -rf {victim}'\"",
    "command rm -rf {victim}",
    "\\rm -rf {victim}",
    '{python} -I -c \'import subprocess; subprocess.run(["rm", "-rf", "{victim}"])\'',
    "perl -e 'system(\"rm -rf {victim}\")'",
)


def test_what_shims_do_not_see(row, guard: Setup, verdict):
    """It happens although the guard is in force: this is what the README says."""
    line = _UNSEEN[row.id]
    available(line.split()[0]) if "cc " in line else None
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    guard.file(own / "x.c", _LIBRARY.replace("#include", "#include <stdlib.h>\n#include", 1))
    ran = agent(line.format(own=own, python=PYTHON), victim)
    kept = victim / "only-copy"
    verdict(not kept.exists() or not kept.read_text(), ran)


def test_a_verb_that_weakens(row, guard: Setup, verdict):
    """Plainly, and by a daemon on a terminal that it holds, which types what it is asked for."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    with guard.restored(store=True):
        before = _installed(guard)
        plainly = agent(f"{guard.command} {_VERBS[row.id]}")
        daemon = agent(f"{PYTHON} {guard.script(TYPIST)} detach {guard.command} {_VERBS[row.id]}")
        ran = agent(call)
        changed = _installed(guard) != before
    verdict(changed or not victim.exists(), plainly, daemon, ran)


def _installed(guard: Setup) -> list[tuple[str, bytes]]:
    """The shims and what is chosen."""
    files = [os.path.join(guard.root.shims, name) for name in sorted(os.listdir(guard.root.shims))]
    files += [path for path in (guard.root.config, guard.root.factors) if os.path.exists(path)]
    return [(path, open(path, "rb").read()) for path in files]


def test_a_waiting_call_is_ended(row, guard: Setup, verdict):
    """The call waits for a person, and gets a signal."""
    agent, where = guard.agent(), guard.victim()
    with guard.patience(60):
        starts = "import os, signal; signal.signal(2, signal.SIG_DFL); os.execvp('rm', ['rm', '-f', 'only-copy'])"
        agent(f'{PYTHON} -I -c "{starts}" >said 2>&1 & echo $! >pid; disown', where)
        until(lambda: [one for one in guard.pending() if one.question.cwd == str(where)])
        pid = int((where / "pid").read_text())
        os.kill(pid, signal.SIGINT if row.id == "skip-interrupted" else signal.SIGKILL)
        until(lambda: not _alive(pid))
    verdict(not (where / "only-copy").exists())


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_watcher_is_killed(row, guard: Setup, verdict):
    """A person's watch is killed while it asks: that is no answer."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    with guard.desk() as desk:
        desk.type(f"export TERM=xterm; stty rows 40 cols 150; {guard.command} watch & echo pid=$!=; fg; echo ended\n")
        desk.until("pid=")
        desk.until("pid=")
        pid = int(desk.until("=")[:-1])
        request = guard.request(agent, call)
        os.kill(pid, signal.SIGKILL)
        desk.until("ended\n")
    again = agent(call)
    verdict(not victim.exists(), request, again)


def test_a_broken_guard_refuses(row, guard: Setup, verdict):
    """What the guard judges by is gone, or cannot be used."""
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    with guard.restored(store=True):
        done = agent(_BROKEN[row.id].format(root=guard.root.path, data=guard.data, python=PYTHON), own)
        ran = agent(f"rm -rf {victim}")
        again = agent(f"rm -rf {victim}")
        (own / "locked").unlink(missing_ok=True)  # so that its holder ends
    verdict(not victim.exists(), done, ran, again)


def test_a_starved_guard_refuses(row, guard: Setup, verdict):
    """The call has too little of something; so would the real program, or not."""
    agent, victim = guard.agent(), guard.victim()
    ran = agent(f"{_STARVED[row.id]}; rm -rf {victim}")
    verdict(not victim.exists(), ran)


def test_the_call_is_wrapped(row, guard: Setup, verdict):
    """Every way by which programs start others by name comes to the shim."""
    agent = guard.agent()
    seen = []
    for line in _WRAPPED:
        victim = guard.victim()
        ran = agent(
            line.format(victim=victim, parent=victim.parent, name=victim.name, python=PYTHON).replace("} ;", "} \\;")
        )
        seen.append((line, victim.exists(), ran))
    verdict(not all(exists for _, exists, _ in seen), [one for one in seen if not one[1]])
    blocked = [row for row in guard.rows() if row.get("session_name") == agent.name and row["kind"] == "refused"]
    assert len(blocked) == len(_WRAPPED)
