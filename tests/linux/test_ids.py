"""Users, groups and capabilities: the rules as functions, and programs compared with a native run."""

from __future__ import annotations

import pytest

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import ALL, Cap
from ring3.computer import Linux
from ring3.linux.model.credentials import Credentials
from ring3.linux.tasks import identity
from ring3.linux.tasks.identity import Secure
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
ROOT = Credentials.of(0, 0)
USER = Credentials.of(1000, 1000)


def bit(*caps: Cap) -> int:
    return sum(1 << cap for cap in caps)


@BITS
@pytest.mark.parametrize("name", ["ids", "capabilities"])
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    program = toolchain.program(f"tasks/{name}.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)


def test_user_0_has_all_capabilities_and_others_none() -> None:
    assert (ROOT.permitted, ROOT.effective) == (ALL, ALL)
    assert (USER.permitted, USER.effective) == (0, 0)
    assert ROOT.capable(Cap.CHECKPOINT_RESTORE)
    assert not USER.capable(Cap.CHOWN)


def test_capabilities_go_with_the_last_id_0() -> None:
    half = identity.setresuid(ROOT, 1000, 1000, 0)
    assert (half.permitted, half.effective) == (ALL, 0)
    none = identity.setresuid(half, 1000, 1000, 1000)
    assert (none.permitted, none.effective) == (0, 0)


def test_capabilities_stay_where_they_are_to_be_kept() -> None:
    kept = identity.setresuid(identity.set_keep_caps(ROOT, 1), 1000, 1000, 1000)
    assert (kept.permitted, kept.effective) == (ALL, 0)
    assert not identity.after_exec(kept).permitted
    assert not identity.after_exec(kept).securebits & Secure.KEEP_CAPS


def test_a_program_of_user_0_gets_all_that_the_bounding_set_has() -> None:
    less = identity.drop_bounding(identity.capset(ROOT, bit(Cap.SETPCAP), bit(Cap.SETPCAP), 0), Cap.SYS_ADMIN)
    assert identity.after_exec(less).permitted == ALL & ~bit(Cap.SYS_ADMIN)
    real_only = identity.setresuid(ROOT, 0, 1000, 1000)
    started = identity.after_exec(real_only)
    assert (started.permitted, started.effective) == (ALL, 0)


def test_a_program_set_to_user_0_gets_its_rights() -> None:
    started = identity.after_exec(USER, uid=0)
    assert (started.uid, started.euid, started.suid, started.fsuid) == (1000, 0, 0, 0)
    assert started.effective == ALL
    assert identity.after_exec(USER._replace(securebits=int(Secure.NOROOT)), uid=0).effective == 0


def test_ambient_capabilities_survive_a_program_but_not_a_set_user() -> None:
    caps = bit(Cap.NET_RAW)
    ambient = identity.raise_ambient(USER._replace(permitted=caps, inheritable=caps), Cap.NET_RAW)
    assert identity.after_exec(ambient).effective == caps
    assert identity.after_exec(ambient, uid=5).ambient == 0


def test_access_asks_with_the_real_ids() -> None:
    half = identity.setresuid(ROOT, 1000, 0, 0)
    asking = identity.as_real_user(half)
    assert (asking.fsuid, asking.effective) == (1000, 0)


@pytest.mark.parametrize("number", [0, 5, 1000, 0xFFFF_FFFF])
def test_a_plain_user_can_only_stay_himself(number: int) -> None:
    if number == 1000:
        assert identity.setuid(USER, number) == USER
        return
    with pytest.raises(Errno) as refused:
        identity.setuid(USER, number)
    assert refused.value.number is (E.EINVAL if number == 0xFFFF_FFFF else E.EPERM)


def test_nobody_may_look_into_one_with_more_rights() -> None:
    assert USER.may_ptrace(USER)
    assert not USER.may_ptrace(USER._replace(permitted=1))
    assert not USER.may_ptrace(Credentials.of(1001, 1000))
    assert ROOT.may_ptrace(USER)
