"""Machines that stay up, for tests: each test has a folder of sockets of its own, and no server outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from ring3.errors import UserError
from ring3.machine.board import CpuKind
from ring3.session.folder import Folder, peer
from tests.cli.command import COMMAND, ROOT
from tests.support.guest import CPU

PATIENCE = 60
"""Seconds after which a server that was told to stop is killed; none should ever need them."""


class Machines:
    """The machines of one test."""

    def __init__(self, runtime: Path) -> None:
        runtime.mkdir(mode=0o700)
        self.runtime = runtime
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
        self.environment.pop("PYTHONUNBUFFERED", None)
        self._clients: list[subprocess.Popen[str]] = []

    @cached_property
    def folder(self) -> Folder:
        """The folder of their sockets."""
        return Folder()

    def ring3(self, *words: str, stdin: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """What ``ring3 WORD...`` did."""
        return subprocess.run(
            [*COMMAND, *words],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=cwd,
            env=self.environment,
            check=False,
        )

    def start(self, *words: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """``ring3 WORD...``, which goes on."""
        client = subprocess.Popen(
            [*COMMAND, *words],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.environment,
        )
        self._clients.append(client)
        return client

    def up(self, *words: str, name: str = "m") -> str:
        """Boots one, with the CPU that the option ``--cpu`` wants where that can be; its name."""
        if "solaris" not in words and CPU[-1] is not CpuKind.EMULATED:
            words = ("--cpu", CPU[-1], *words)
        done = self.ring3("up", "--name", name, *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{name}\n", "")
        return name

    def pid(self, name: str) -> int:
        """The process of a server."""
        connection = self.folder.connect(name)
        try:
            return peer(connection)[0]
        finally:
            connection.close()

    def kill(self, name: str) -> None:
        """Kills a server as nobody should, and waits until it is gone."""
        connection = self.folder.connect(name)
        os.kill(peer(connection)[0], signal.SIGKILL)
        with suppress(ConnectionResetError):
            assert not connection.recv(1)
        connection.close()

    def end(self) -> None:
        """Ends all that is left."""
        for client in self._clients:
            with client:
                client.kill()
        folder = self.folder
        for name in folder.names():
            with suppress(UserError):
                connection = folder.connect(name)
                pid = peer(connection)[0]
                os.kill(pid, signal.SIGTERM)
                connection.settimeout(PATIENCE)
                try:
                    connection.recv(1)
                except OSError:
                    os.kill(pid, signal.SIGKILL)
                connection.close()
