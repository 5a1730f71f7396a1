"""prctl(2), personality(2), names of the machine: compared with a native run, or known where a host may differ."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.release import RELEASE
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@BITS
@pytest.mark.parametrize("name", ["prctl", "identity", "limits", "barriers", "privileged"])
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    program = toolchain.program(f"tasks/{name}.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)


@BITS
def test_names_and_what_only_user_0_may(
    linux: Linux, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch, bits: Bits
) -> None:
    monkeypatch.setattr("ring3.computer.linux.host_credentials", lambda: Credentials.of(0, 0))
    reported: list[str] = []
    linux.kernel.report = reported.append
    lines = guest.run(linux, toolchain.program("tasks/names.c", bits=bits)).stdout.decode().splitlines()
    assert [line for line in lines if line.startswith("[anon")] == [
        "[anon:first name]",
        "[anon:second]",
        "[anon:second]",
    ]
    assert "short a.domain" in lines
    assert RELEASE.startswith("6.12.0")
    assert "2.6.72-ring3" in lines
    assert {"acct(0) = -38", "vhangup() = -38", "syslog(3, buffer, 16) = 0", "iopl(4) = -22"} <= set(lines)
    assert [line.split(": ")[1] for line in reported] == [
        "acct is not implemented",
        "vhangup is not implemented",
    ]


def test_a_program_can_do_without_random_addresses(toolchain: Toolchain, native: Run) -> None:
    """The other tests' machine has none anyway: here it has, and the program turns it off for itself."""
    program = toolchain.program("tasks/identity.c")
    with Linux(ram_bytes=guest.RAM) as linux:
        outcome = guest.run(linux, program)
    assert b"same addresses 1\n" in outcome.stdout
    assert outcome.finished == native(program)
