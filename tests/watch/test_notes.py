"""The note on the desktop, over a real bus to a stand-in for a desktop's notification service."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentguard.approval.request import Request
from agentguard.watch.notify import Notes

pytestmark = pytest.mark.real

#: Answers as a desktop does (Desktop Notifications Specification 1.2), and writes down what it is told.
DESKTOP = """
import asyncio, sys
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, method

class Desktop(ServiceInterface):
    @method()
    def Notify(self, app: "s", id: "u", icon: "s", title: "s", body: "s", a: "as", h: "a{sv}", e: "i") -> "u":
        print(app, title, body, sep="|", flush=True)
        return 1

    @method()
    def GetCapabilities(self) -> "as":
        return ["body"]

    @method()
    def GetServerInformation(self) -> "ssss":
        return ["desktop", "test", "1", "1.2"]

async def main():
    bus = await MessageBus(bus_address=sys.argv[1]).connect()
    bus.export("/org/freedesktop/Notifications", Desktop("org.freedesktop.Notifications"))
    await bus.request_name("org.freedesktop.Notifications")
    print("ready", flush=True)
    await bus.wait_for_disconnect()

asyncio.run(main())
"""


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    if sys.platform != "linux" or not shutil.which("dbus-daemon"):
        pytest.skip("no D-Bus here")
    address = f"unix:path={tmp_path}/bus"
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1", f"--address={address}"]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert bus.stdout and bus.stdout.readline()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    service = subprocess.Popen([sys.executable, "-c", DESKTOP, address], stdout=subprocess.PIPE, text=True)
    assert service.stdout and service.stdout.readline() == "ready\n"
    yield service
    for started in (service, bus):
        started.kill()
        started.wait()


def test_a_note_reaches_the_desktop(desktop: subprocess.Popen[str], put: Callable[..., Request]) -> None:
    Notes().send(((put("rm", "<b>data</b>"),),))
    assert desktop.stdout
    assert desktop.stdout.readline() == (
        "agentguard|destructive: rm '<b>data</b>'|It waits for you in agentguard watch.\n"
    )
