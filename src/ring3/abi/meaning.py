"""What the arguments and results of system calls, and the fields of structs, mean beyond their C types.

An `Arg` is one of them. What it refers to (a set of values, a struct) it names, so that the rows can be read without
the sets and the structs of the whole system: `ring3.abi.linux.rows` and `ring3.abi.solaris.rows` find them by name.
Observers read these; a program that runs needs the C types alone, which handlers' signatures have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ring3.abi.c_types import CType
from ring3.abi.kinds import NamedTuple, StrEnum


class Meaning(StrEnum):
    """What a value is.

    A value that points (`Arg.when` says so) has the meaning of what it points to.
    """

    NUMBER = "number"
    """Signed or unsigned as its C type says; read in decimal."""
    HEX = "hex"
    """Bits without names; read in hexadecimal."""
    UNUSED = "unused"
    """The call does not look at it."""
    SPARE = "spare"
    """Kept for later: of interest only where it is not 0."""
    ADDRESS = "address"
    """A virtual address of the program that the call does not read or write through."""
    VALUES = "values"
    """Of the set of values that `Arg.of` names: an enumeration, flags, or fields of both."""
    SIZE = "size"
    """Bytes."""
    COUNT = "count"
    """Elements of an array, or as many of anything."""
    OFFSET = "offset"
    """A place in a file, in bytes."""
    OFFSET_LOW = "offset_low"
    """The lower half of a number of bytes."""
    OFFSET_HIGH = "offset_high"
    """The upper half of the same; the two are beside each other."""
    FD = "fd"
    DIRFD = "dirfd"
    PIDFD = "pidfd"
    """A descriptor that names a process."""
    PID = "pid"
    TID = "tid"
    TGID = "tgid"
    PGID = "pgid"
    SID = "sid"
    UID = "uid"
    GID = "gid"
    SIGNAL = "signal"
    MODE = "mode"
    """Permissions, and for a new node its type."""
    DEVICE = "device"
    """A device number."""
    PATH = "path"
    """A string of the program that names a file."""
    STRING = "string"
    STRINGS = "strings"
    """An array of pointers to strings, ended by a null pointer."""
    BYTES = "bytes"
    HEX_BYTES = "hex_bytes"
    """Bytes that are never text."""
    STRUCT = "struct"
    """The struct that `Arg.of` names."""
    POINTER = "pointer"
    """A pointer that is itself in memory."""
    SIGSET = "sigset"
    """A set of signals, `Arg.length` bytes long."""
    SIGMASK = "sigmask"
    """A set of the first 32 signals, in a word."""
    SIGVAL = "sigval"
    """What comes with a queued signal: a number or a pointer."""
    SI_CODE = "si_code"
    """Why a signal was sent, by the signal."""
    FD_SET = "fd_set"
    CPU_SET = "cpu_set"
    NODE_SET = "node_set"
    PORT = "port"
    """A port, in network order."""
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    INTERFACE = "interface"
    """The index of a network interface."""
    ETHERNET_PROTOCOL = "ethernet_protocol"
    """Of the set of the same name, in network order."""
    SOCKOPT = "sockopt"
    """The value of a socket option, by level and name."""
    KEY = "key"
    """The serial number of a key or keyring."""
    WAIT_STATUS = "wait_status"
    EXIT_STATUS = "exit_status"
    ERRNO = "errno"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    TICKS = "ticks"
    ERROR = "error"
    """A result: 0, or an errno."""
    NEVER = "never"
    """A result: the call does not return."""


class When(StrEnum):
    """When what a value points to can be looked at."""

    ENTRY = "in"
    EXIT = "out"
    BOTH = "inout"


class Otherwise(StrEnum):
    """What an argument is where its condition does not hold."""

    NOTHING = "if"
    """The call does not look at it."""
    ADDRESS = "unless"
    """The call does not follow it. The condition is written the other way round."""
    HEX = "where"
    """Bits without names."""


class Condition(NamedTuple):
    """On what it depends what an argument is.

    Attributes:
        otherwise: What it is where the condition does not hold.
        argument: The argument that decides, by name.
        operator: ``&``: it has one of the values' bits; ``=``: it is one of them; ``!&``, ``!=``: not so;
            ``&&``: it has all the bits.
        values: The names of those values.
    """

    otherwise: Otherwise
    argument: str
    operator: str
    values: tuple[str, ...]

    def holds(self, number: int, values: Sequence[int]) -> bool:
        """Whether it holds where the argument is `number` and the names stand for `values`."""
        if self.operator == "&&":
            return all(number & value for value in values)
        found = any(number & value for value in values) if self.operator[-1] == "&" else number in values
        return found is not (self.operator[0] == "!")


class Arg(NamedTuple):
    """An argument, a result or a field.

    Attributes:
        type: Its C type; that of the pointer, if it points.
        meaning: What it is, or what it points to.
        of: The set of values or the struct it is of, by name.
        length: For what is more than one: how many (bytes of BYTES, elements of the others), as a number, as the name
            of an argument or field beside it, or as ``result``, what the call returns. Empty for one, or up to a null.
        when: When to look at what it points to; None if it is the value itself.
        target: The C type of what it points to, where that is a scalar.
        indirect: Whether `length` names a pointer to the length.
        command: The argument that says what this one is, by name; and
        by: what it is then, by that one's value. What it is otherwise, the other attributes say.
        condition: On what it depends whether this is what it is; None where it always is.
    """

    type: CType
    meaning: Meaning = Meaning.NUMBER
    of: str = ""
    length: str = ""
    when: When | None = None
    target: CType | None = None
    indirect: bool = False
    command: str = ""
    by: Mapping[int, Arg] | None = None
    condition: Condition | None = None


class Parameter(NamedTuple):
    """An argument or a field with its name."""

    name: str
    arg: Arg
