"""The programs by which sock_diag chooses sockets of the internet, as ss(8) makes them of ``sport = :22``.

Source: inet_diag_bc_audit and inet_diag_bc_run of net/ipv4/inet_diag.c.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_UNSPEC
from ring3.net.inet.address import MAPPED, Endpoint, wide

NOP, JMP, S_GE, S_LE, D_GE, D_LE, AUTO, S_COND, D_COND, DEV_COND, MARK_COND, S_EQ, D_EQ = range(13)
"""The operations (INET_DIAG_BC_)."""
OPERATION: Final = struct.Struct("<BBH")
"""``struct inet_diag_bc_op``: an operation, and how far it is to the next one if it holds, and if not."""
HOST: Final = struct.Struct("<BBxxi")
"""``struct inet_diag_hostcond``: family, bits of the address that count, port or -1; the address follows."""
ADDRESS_SIZES: Final = {AF_UNSPEC: 0, AF_INET: 4, AF_INET6: 16}


class Subject(NamedTuple):
    """What a program can ask of a socket.

    Attributes:
        family: Its address family.
        source: Its own end.
        target: The other end; the unspecified address and port 0 if it has none.
        interface: The number of the interface that it is bound to.
        chose_port: Its port was chosen by its program.
        mark: SO_MARK.
    """

    family: int
    source: Endpoint
    target: Endpoint
    interface: int
    chose_port: bool
    mark: int


def _operand_size(program: bytes, at: int) -> int:
    """How many bytes belong to an operation besides its own four.

    Raises:
        Errno: EINVAL, there is no such operation, or what it compares with is malformed.
    """
    code = program[at]
    if code in (NOP, JMP, AUTO):
        return 0
    if code in (S_EQ, D_EQ, S_GE, S_LE, D_GE, D_LE, DEV_COND):
        return 4
    if code == MARK_COND:
        return 8
    if code in (S_COND, D_COND) and at + 4 + HOST.size <= len(program):
        family, bits, _ = HOST.unpack_from(program, at + 4)
        size = ADDRESS_SIZES.get(family)
        if size is not None and bits <= 8 * size:
            return HOST.size + size
    raise Errno(E.EINVAL)


def check(program: bytes, may_mark: bool) -> None:
    """Checks a program before it runs: it only leads forward, and its jumps lead to operations.

    Args:
        program: The program.
        may_mark: Its maker may ask for marks.

    Raises:
        Errno: EINVAL, it is malformed; EPERM, it asks for marks.
    """
    size = len(program)
    starts: set[int] = {size}
    jumps: list[int] = []
    at = 0
    while at < size:
        if size - at < OPERATION.size:
            raise Errno(E.EINVAL)
        starts.add(at)
        code, yes, no = OPERATION.unpack_from(program, at)
        if code == MARK_COND and not may_mark:
            raise Errno(E.EPERM)
        least = OPERATION.size + _operand_size(program, at)
        if size - at < least or not least <= yes <= size - at + 4 or yes & 3:
            raise Errno(E.EINVAL)
        if not least <= no <= size - at + 4 or no & 3:
            raise Errno(E.EINVAL)
        if no < size - at:
            jumps.append(at + no)
        at += yes
    if at != size or not starts.issuperset(jumps):
        raise Errno(E.EINVAL)


def holds(program: bytes, subject: Subject) -> bool:
    """Whether a program that was checked chooses a socket."""
    at = 0
    while at < len(program):
        code, yes, no = OPERATION.unpack_from(program, at)
        at += yes if _HOLDS[code](program, at, subject) else no
    return at == len(program)


def _compared_with(program: bytes, at: int) -> int:
    """The port of a comparison, which is the second jump of an operation that only carries it."""
    return int.from_bytes(program[at + 6 : at + 8], "little")


def _word(program: bytes, at: int) -> int:
    return int.from_bytes(program[at : at + 4], "little")


def _matches(program: bytes, at: int, end: Endpoint, own_family: int) -> bool:
    """Whether an end has the address and port of a condition."""
    family, bits, port = HOST.unpack_from(program, at + 4)
    if port not in (-1, end.port):
        return False
    host = wide(end.host) if own_family == AF_INET6 else end.host
    if family not in (AF_UNSPEC, own_family):
        if (own_family, family) != (AF_INET6, AF_INET) or host[:12] != MAPPED:
            return False
        host = host[12:]
    size = ADDRESS_SIZES[family]
    start = at + 4 + HOST.size
    rest = 8 * size - bits
    wanted = int.from_bytes(program[start : start + size], "big")
    return bool(int.from_bytes(host[:size], "big") >> rest == wanted >> rest)


_HOLDS: Final[dict[int, Callable[[bytes, int, Subject], bool]]] = {
    NOP: lambda program, at, subject: True,
    JMP: lambda program, at, subject: False,
    S_EQ: lambda program, at, subject: subject.source.port == _compared_with(program, at),
    S_GE: lambda program, at, subject: subject.source.port >= _compared_with(program, at),
    S_LE: lambda program, at, subject: subject.source.port <= _compared_with(program, at),
    D_EQ: lambda program, at, subject: subject.target.port == _compared_with(program, at),
    D_GE: lambda program, at, subject: subject.target.port >= _compared_with(program, at),
    D_LE: lambda program, at, subject: subject.target.port <= _compared_with(program, at),
    AUTO: lambda program, at, subject: not subject.chose_port,
    S_COND: lambda program, at, subject: _matches(program, at, subject.source, subject.family),
    D_COND: lambda program, at, subject: _matches(program, at, subject.target, subject.family),
    DEV_COND: lambda program, at, subject: _word(program, at + 4) == subject.interface,
    MARK_COND: lambda program, at, subject: subject.mark & _word(program, at + 8) == _word(program, at + 4),
}
"""What each operation asks."""
