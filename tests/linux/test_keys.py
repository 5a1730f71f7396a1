"""Keys and keyrings: the same program on Ring3 and natively, quotas, and what /proc shows."""

from __future__ import annotations

import errno

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@BITS
def test_does_what_it_does_natively(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("keys/keyrings.c", bits=bits)
    there = native(program)
    if "session: Function not implemented" in there.stdout.decode():
        pytest.skip("the host's kernel has no keys")
    assert guest.run(linux, program).finished == there
    assert {key.description[:5] for key in linux.kernel.keys} <= {b"_uid.", b"_uid_"}, "others have ended"


def test_quotas_and_proc(linux: Linux, toolchain: Toolchain) -> None:
    """A user has so many keys and no more, and who looks into /proc sees them."""
    every = linux.kernel.keys
    every.maxkeys = every.root_maxkeys = 8
    output = guest.run(linux, toolchain.program("keys/quota.c")).finished.stdout.decode()
    refused, users, keys = output.split("--\n")
    assert refused.split() == ["0"] * 7 + [str(errno.EDQUOT)] * 3
    size = len("_pid\0") + 7 * (len("key0\0payload") + 4)
    assert users.split()[1:4] == ["8", "8/8", "8/8"]
    assert users.split()[4].startswith(f"{size}/")
    assert " keyring   _pid: 7\n" in keys
    assert keys.count(" user      key") == 7
    assert not any(account.bytes for account in every.accounts.values()), "they end with the process"
