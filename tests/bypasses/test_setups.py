"""The three set-ups are what the table says: otherwise all of it would be stopped by chance."""

from __future__ import annotations

import pytest
from setups import SETUPS, Setup

pytestmark = pytest.mark.real


@pytest.mark.parametrize("installed", SETUPS, indirect=True, scope="session")
def test_what_a_person_approves_passes_once(guard: Setup):
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    assert request.question.factor is guard.factor
    guard.approve(request)
    ran = agent(call)
    assert not victim.exists(), ran


@pytest.mark.parametrize("installed", SETUPS, indirect=True, scope="session")
def test_a_person_approves_at_their_desk(guard: Setup):
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    shown = guard.approve_at_desk(guard.request(agent, call))
    ran = agent(call)
    assert not victim.exists(), (shown, ran)
