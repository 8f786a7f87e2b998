"""Ways to forge an answer, or what judges it."""

from __future__ import annotations

import shlex

import pytest
import tomli_w
from setups import PASSPHRASE, PLACES, PYTHON, TYPIST, Setup, available

from agentguard.edge.factors import factors

pytestmark = pytest.mark.real

#: What is written into the rows of requests; `{id}` is the one that waits.
_ROWS = {
    "forge-row-updated": "UPDATE requests SET state = 'approved', answered = unixepoch() WHERE id = '{id}'",
    "forge-row-inserted": "INSERT INTO requests (id, digest, session, created, sheet, state, answered) "
    "SELECT 'zzzzzz', digest, session, created, sheet, 'approved', unixepoch() FROM requests WHERE id = '{id}'",
    "forge-proof-nonsense": "UPDATE requests SET state = 'approved', answered = unixepoch(), "
    'proof = \'[["x"],0,"",9e99,"",""]\' WHERE id = \'{id}\'',
}

#: What is done to the installation, by a shell: `{root}` is its place, `{own}` a directory of the agent's.
_INSTALLATION = {
    "forge-shim": "rm={root}/shims/rm; printf '#!/bin/sh\\nexec /bin/rm \"$@\"\\n' >{own}/rm && "
    "chmod 755 {own}/rm && mv -f {own}/rm $rm",
    "forge-shims-moved": "mv {root}/shims {root}/elsewhere",
    "forge-entry": "printf 'import os, sys\\nos.execv(\"/bin/rm\", sys.argv[2:])\\n' >{root}/current/enter.py",
    "forge-interpreter": "printf '#!/bin/sh\\nshift 7\\nexec /bin/rm \"$@\"\\n' >{own}/python && "
    "chmod 755 {own}/python && ln -sfn {own}/python {root}/current/python",
    "forge-module": "cd {root}/current/lib/agentguard/lean && "
    "printf 'import os, sys\\ndef use(): os.execv(\"/bin/rm\", sys.argv[2:])\\n' >{own}/bundle.py && "
    "cp {own}/bundle.py bundle.py && rm -rf __pycache__/bundle.*",
    "forge-version": "cp -r {root}/current/ {own}/version && "
    "printf 'import os, sys\\nos.execv(\"/bin/rm\", sys.argv[2:])\\n' >{own}/version/enter.py && "
    "ln -sfn {own}/version {root}/current",
}

#: What stands in the environment of the call, or of the person's command; `{own}` is a directory of the agent's.
_ENVIRONMENTS = {
    "forge-home": "export HOME={own} XDG_CONFIG_HOME={own} XDG_DATA_HOME={own} XDG_RUNTIME_DIR={own} TMPDIR={own}",
    "forge-programs": "for p in python python3 sh dash bash env git id ps; do "
    "printf '#!/bin/sh\\nexec /bin/rm -rf {victim}\\n' >{own}/$p; chmod 755 {own}/$p; done; "
    "PATH={root}/shims:{own}:$PATH",
    "forge-python": "printf 'import os; os.system(\"/bin/rm -rf {victim}\")\\n' >{own}/sitecustomize.py; "
    "cp {own}/sitecustomize.py {own}/os.py; cp {own}/sitecustomize.py {own}/sqlite3.py; cd {own}; "
    "export PYTHONPATH={own} PYTHONHOME={own} PYTHONSTARTUP={own}/os.py PYTHONINSPECT=1 PYTHONUSERBASE={own}",
    "forge-start-up-files": "echo '/bin/rm -rf {victim}' >{own}/rc; export ENV={own}/rc BASH_ENV={own}/rc",
    "forge-functions": "exec env "
    + " ".join(
        f"'BASH_FUNC_{name}%%=() {{{{ /bin/rm -rf {{victim}}; }}}}'" for name in ("exec", "read", "printf", "[", "test")
    )
    + " BASHOPTS=nocasematch SHELLOPTS=noexec",
    "forge-variables": "export AGENTGUARD=off AGENTGUARD_DISABLE=1 AGENTGUARD_OFF=1 AGENTGUARD_SKIP=1 "
    "AGENTGUARD_APPROVED=1 AGENTGUARD_YES=1 AGENTGUARD_FORCE=1 AGENTGUARD_WAIT=0 AGENTGUARD_POLICY=run "
    "AGENTGUARD_ROOT={own} AGENTGUARD_CONFIG={own} NO_AGENTGUARD=1 DEBUG=1 YES=1",
    "forge-ci": "export CI=true GITHUB_ACTIONS=true",
}


def test_a_row_is_written_by_the_agent(row, guard: Setup, verdict):
    """The agent writes to the database as its user may."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    with guard.restored():
        wrote = guard.sql(agent, _ROWS[row.id].format(id=request.id))
        again = agent(call)
    verdict(not victim.exists(), wrote, again)


def test_the_guards_own_modules_answer(row, guard: Setup, verdict):
    """The agent calls what `approve` calls once it has its person."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    answered = guard.answers(agent, guard.request(agent, call))
    again = agent(call)
    verdict(not victim.exists(), answered, again)


def test_a_key_of_the_agents_own_signs(row, guard: Setup, verdict):
    """The agent makes a key, signs as a person would, and says where it can that the key counts."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    own = factors.by_passphrase("own", "a passphrase of the agent")
    with guard.restored():
        if row.id != "forge-key":
            text = tomli_w.dumps({"factor": [factors._written(own)]})
            agent(f"cp {guard.file(guard.directory() / 'own.toml', text)} {guard.root.factors}")
        if row.id == "forge-key-pinned":
            agent(f"sed -i 's|SHA256:[A-Za-z0-9+/]*|{own.fingerprint}|' {guard.root.shims}/*")
        wrote = guard.answers(agent, request, guard.signed((request,), own, "a passphrase of the agent"))
        again = agent(call)
    verdict(not victim.exists(), wrote, again)


def test_the_installation_is_changed(row, guard: Setup, verdict):
    """The agent changes what lies under the root, as its user may."""
    agent, victim = guard.agent(), guard.victim()
    with guard.restored(store=True):
        changed = agent(_INSTALLATION[row.id].format(root=guard.root.path, own=guard.directory()))
        call = agent(f"rm -rf {victim}")
    verdict(not victim.exists(), changed, call)


def test_the_first_factor_is_the_agents(row, guard: Setup, verdict):
    """In a namespace of its own nobody can tell who sits there, which is where a person adds their first factor."""
    available("unshare")
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    alone = f"{PYTHON} {guard.script(TYPIST)} detach unshare --user --map-current-user --pid --fork --mount-proc"
    alone += " setsid -c"
    with guard.restored():
        added = agent(f"{alone} {guard.command} factor add passphrase")
        request = guard.request(agent, call)
        approve = agent(f"{alone} {guard.command} approve {request.id}")
        again = agent(call)
    verdict(not victim.exists(), added, approve, again)


def test_a_person_is_shown_another_call(row, guard: Setup, verdict):
    """What the person reads is of a harmless call; what they approve is not."""
    agent, victim, junk = guard.agent(), guard.victim(), guard.victim()
    call = f"rm -rf {victim}"
    harmless = guard.request(agent, f"rm -rf {junk}")
    guard.request(agent, call)
    request = next(one for one in guard.pending() if one.question.argv[-1] == str(victim))  # both are one question
    change = f"(SELECT sheet FROM requests WHERE id = '{harmless.id}') WHERE id = '{request.id}'"
    wrote = guard.sql(agent, f"UPDATE requests SET sheet = {change}")
    shown = guard.approve_at_desk(request)
    again = agent(call)
    verdict(not victim.exists(), wrote, shown, again)


def test_policy_is_changed(row, guard: Setup, verdict):
    """The agent has the policy want nothing, and writes the row."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    with guard.restored():
        changed = agent(f"printf 'wait = 0\\nfactor = []\\n' >{guard.root.config}")
        request = guard.request(agent, call)
        wrote = guard.sql(agent, _ROWS["forge-row-updated"].format(id=request.id))
        again = agent(call)
    verdict(not victim.exists(), changed, wrote, again)


def test_the_environment_is_prepared(row, guard: Setup, verdict):
    """The call, and the person's command, start in an environment that the agent has chosen."""
    agent, victim = guard.agent(), guard.victim()
    prepared = _ENVIRONMENTS[row.id].format(own=guard.directory(), victim=victim, root=guard.root.path)
    between = " " if prepared.startswith("exec") else "\n"
    call = f"{prepared}{between}rm -rf {victim}"
    first = agent(call)
    assert victim.exists(), first
    request = guard.request(agent, f"rm -rf {victim}")
    approve = agent(f"{prepared}{between}{guard.command} approve {request.id}")
    again = agent(call)
    verdict(not victim.exists(), first, approve, again)


def test_another_session_is_claimed(row, guard: Setup, verdict):
    """An agent takes what was approved for another one."""
    first, second, victim = guard.agent(), guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(first, call)
    guard.approve(request)
    if row.id == "forge-session-row":
        claim = f"id = '{request.session}', name = '{first.name}' WHERE name = '{second.name}'"
        guard.sql(second, f"UPDATE sessions SET {claim}")
    again = second(f"export AGENTGUARD_SESSION={request.session}\n{call}")
    verdict(not victim.exists(), again)


def test_rows_of_the_spool_are_forged(row, guard: Setup, verdict):
    """A row in the spool that says that a person approved."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    fields = ["1", "x", "1", request.session, "approved", request.id, "/bin/rm", "/", "rm", "-rf", str(victim)]
    agent(f"printf {shlex.quote(chr(0x1F).join(fields) + chr(10))} >>{guard.data}/spool/current")
    again = agent(call)
    verdict(not victim.exists(), again)
    assert any(row["kind"] == "unreadable" for row in guard.rows())


def test_a_denial_is_forgotten(row, guard: Setup, verdict):
    """The mark of a fresh denial is taken away."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    guard.deny(guard.request(agent, call))
    removed = agent(f"unlink {guard.data}/denied || mv {guard.data}/denied {guard.directory()}")
    again = agent(call)
    other = agent(f"cd {victim.parent} && rm -rf ./{victim.name}/*")
    verdict(not (victim / "only-copy").exists(), removed, again, other)


def test_what_was_denied_is_done_by_other_means(row, guard: Setup, verdict):
    """A way that could be undone is asked about only because of the denial, which lies in the database."""
    agent, where = guard.agent(), guard.directory()
    body = guard.file(where / "body", "old")
    denied = guard.request(agent, "rm -f body", where)
    guard.deny(denied)
    agent("git init -q; git add body; git commit -qm kept", where)
    call = "rm -f ./body"
    if row.id == "forge-denied-aim":
        request = guard.request(agent, call, where)
        wrote = guard.sql(agent, _ROWS["forge-row-updated"].format(id=request.id))
    else:
        assert agent(call, where).status == 126
        wrote = guard.sql(agent, f"UPDATE requests SET state = 'withdrawn' WHERE session = '{denied.session}'")
    again = agent(call, where)
    verdict(not body.exists(), wrote, again)


def test_the_passphrase_is_guessed(row, guard: Setup, verdict):
    """The sealed key can be read: the agent tries what a person might have chosen."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    script = guard.script(
        "import sys\n"
        f"sys.path[:0] = {PLACES.get('PYTHONPATH', '').split(':')!r}\n"
        "from agentguard.edge.factors import factors\n"
        "from agentguard.edge.layout import Root\n"
        "for mine in factors.factors(Root(sys.argv[1])):\n"
        "    for tried in sys.argv[2:]:\n"
        "        try:\n"
        "            factors.sign(mine, b'', tried)\n"
        "            print(tried)\n"
        "        except Exception:\n"
        "            pass\n"
    )
    found = agent(shlex.join([PYTHON, str(script), guard.root.path, "correct horse battery", PASSPHRASE])).out.strip()
    proof = guard.signed((request,), factors.factors(guard.root)[0], found) if found else ""
    wrote = guard.answers(agent, request, proof)
    again = agent(call)
    verdict(not victim.exists(), found, wrote, again)


def test_a_second_root_stands_in(row, guard: Setup, verdict):
    """Shims of an installation of the agent's own stand first, and its requests are the agent's to answer."""
    agent, victim, own = guard.agent(), guard.victim(), guard.directory() / "root"
    call = f"rm -rf {victim}"
    place = f"PYTHONPATH={PLACES['PYTHONPATH']} {PYTHON} -m agentguard --root {own}"
    agent(f"mkdir {own}; cp -a {guard.root.store} {guard.root.manifest} {own}")  # or `install` would take long
    installed = agent(f"{place} install --shell none --wait 0", seconds=120)
    assert installed.status == 0, installed
    agent(f"PATH={own}/shims:$PATH; {call}")
    forged = agent(
        f'{PYTHON} -I -c \'import sqlite3; b = sqlite3.connect("{own}/data/record.db"); '
        'b.execute("UPDATE requests SET state = 1"); b.execute("UPDATE requests SET state = char(97)"); b.commit()\''
    )
    again = agent(f"PATH={own}/shims:$PATH; {call}")
    verdict(not victim.exists(), forged, again)


def test_a_row_of_the_record_is_edited(row, guard: Setup, verdict):
    """An attempt is taken out of the record: what is stopped here is that nobody finds out."""
    agent = guard.agent()
    agent(f"{guard.command} approve")
    with guard.restored():
        edited = guard.sql(
            agent,
            "DROP TRIGGER record_stays",
            "UPDATE record SET body = json_set(body, '$.kind', 'ran') WHERE kind = 'attempt'",
        )
        with guard.records() as records:
            broken = records.log.verify()
    verdict(broken is None, edited)
