"""What a program has, and how much of it: the options that every command and `import ring3` share.

An option is a row of `OPTIONS`, a field of `Sandbox`, a key of ``ring3.toml`` (`settings`) and a keyword in Python.
What follows from them for a machine's files is in `ring3.fs.view` and `roots`, for a program in `apply`. Options of
other rooms, such as those of a network, are rows here too: ``of_machine`` says that a machine has them from its boot
on, and ``opens_host`` that they give programs something of the host, which only the user's own settings may do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.fs.view import Bind
from ring3.kernel.reach import Port, Reach

UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
LEAST_MEMORY: Final = 16 << 20
"""Bytes below which no kernel boots."""
MOST_MEMORY: Final = 64 << 30
MOST: Final = (1 << 31) - 1
"""The largest number that an option takes."""
LONGEST_NAME: Final = 64
"""Bytes of a host's name (sethostname(2))."""
MODES: Final = ("ro", "rw", "cow")
SETTINGS: Final = "ring3.toml"
"""The file of the user's defaults."""


class Sandbox(NamedTuple):
    """What the options say.

    Attributes:
        root: A directory, tar file or OCI image directory that is programs' ``/``; "" for the default view.
        bind: What is shown of the host besides.
        rw: What programs change in the working directory, or in a root that is a directory, is changed on the host.
        tmpfs: Where empty directories in memory are.
        hostname: The name of the machine; "" for the default one.
        net: How far the machine's network reaches.
        publish: Ports of it that the host's clients reach.
        memory: Bytes of RAM; 0 for the default.
        no_confine: Ring3's commands keep their own rights on the host while programs run.
        tasks: Processes and threads at a time; 0 for no limit of the user's. So for all that follow.
        env: Variables of the environment, the last one of a name counts.
        clear_env: There are no others.
        user: Whom the program runs as, as ``--user`` has it; "" for who runs Ring3.
        cwd: Where it starts, a path of the machine; "" for the default.
        cpus_seconds: CPU time of a process, in seconds.
        files: Descriptors of a process at a time.
        output_bytes: What it may write to descriptors that it was handed.
        timeout: Real time, in seconds.
    """

    root: str = ""
    bind: tuple[Bind, ...] = ()
    rw: bool = False
    tmpfs: tuple[bytes, ...] = ()
    hostname: str = ""
    net: Reach = Reach.LOOPBACK
    publish: tuple[Port, ...] = ()
    memory: int = 0
    no_confine: bool = False
    tasks: int = 0
    env: tuple[tuple[str, str], ...] = ()
    clear_env: bool = False
    user: str = ""
    cwd: str = ""
    cpus_seconds: int = 0
    files: int = 0
    output_bytes: int = 0
    timeout: int = 0

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program.

        Args:
            inherited: What there is without the options.
        """
        return {**({} if self.clear_env else inherited), **dict(self.env)}


def _number(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) < 20 and 0 < int(word) <= MOST):
        raise ValueError(f"a number from 1 to {MOST} is meant")
    return int(word)


def _bytes(word: str) -> int:
    digits = word.rstrip("KMG")
    unit = UNITS.get(word[len(digits) :])
    if unit is None or not (digits.isascii() and digits.isdecimal() and len(digits) < 20) or not int(digits):
        raise ValueError("a size is meant, such as 512M or 2G")
    return int(digits) * unit


def _memory(word: str) -> int:
    size = _bytes(word)
    if not LEAST_MEMORY <= size <= MOST_MEMORY:
        raise ValueError("a size from 16M to 64G is meant, such as 512M")
    return size & -(2 << 20)


def _variable(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name or not equals:
        raise ValueError("NAME=VALUE is meant")
    return name, value


def _bind(word: str) -> Bind:
    source, _, rest = word.partition(":")
    place, colon, mode = rest.partition(":")
    place = place or os.path.abspath(source)
    if not source or (colon and mode not in MODES) or not os.path.isabs(place):
        raise ValueError(f"SRC[:DST[:{'|'.join(MODES)}]] is meant, with an absolute DST")
    return Bind(os.fsencode(os.path.abspath(source)), os.fsencode(os.path.normpath(place)), mode or "cow")


def _place(word: str) -> bytes:
    if not os.path.isabs(word) or os.path.normpath(word) == "/":
        raise ValueError("an absolute path below / is meant")
    return os.fsencode(os.path.normpath(word))


def _hostname(word: str) -> str:
    if not 0 < len(os.fsencode(word)) <= LONGEST_NAME:
        raise ValueError(f"1 to {LONGEST_NAME} bytes are meant")
    return word


def _reach(word: str) -> Reach:
    try:
        return Reach(word)
    except ValueError:
        raise ValueError(f"{', '.join(Reach)} are meant") from None


def _port(word: str) -> Port:
    ports, slash, protocol = word.partition("/")
    outside, colon, inside = ports.rpartition(":")
    address, has_address, outside = outside.rpartition(":")
    if not colon or (slash and protocol not in ("tcp", "udp")) or (has_address and not address):
        raise ValueError("[ADDRESS:]HOST:GUEST[/udp] is meant")
    for port in (outside, inside):
        if not (port.isascii() and port.isdecimal() and int(port) < 1 << 16):
            raise ValueError(f"{port!r} is no port")
    return Port(address.strip("[]") or "127.0.0.1", int(outside), int(inside), protocol or "tcp")


def _root(word: str) -> str:
    if not os.path.exists(word):
        raise ValueError("no such file or directory")
    return os.path.realpath(word)


def _text(word: str) -> str:
    if not word:
        raise ValueError("a value is missing")
    return word


class Option(NamedTuple):
    """One option.

    Attributes:
        name: The field of `Sandbox`; with dashes it is the option's name.
        metavar: What its value is called, "" for an option without one.
        help: What it does.
        read: Makes the field's value, or one item of it, of a word; ValueError says what is wrong with the word.
        is_repeated: It may be given several times.
        of_machine: A machine has it from its boot on; the others are a program's.
        opens_host: It gives programs something of the host.
        solaris: Programs of Solaris have it too.
    """

    name: str
    metavar: str
    help: str
    read: Callable[[str], Any] = _text
    is_repeated: bool = False
    of_machine: bool = False
    opens_host: bool = False
    solaris: bool = False

    @property
    def flag(self) -> str:
        """The option on a command line."""
        return "--" + self.name.replace("_", "-")

    def values(self, given: Any) -> list[str]:  # noqa: ANN401 -- a value of TOML, or of Python
        """The words that a value stands for.

        Raises:
            ValueError: It is of no type that the option takes.
        """
        if self.is_repeated:
            if isinstance(given, Mapping):
                return [f"{key}={value}" for key, value in given.items()]
            if isinstance(given, list | tuple) and all(isinstance(word, str) for word in given):
                return list(given)
        elif isinstance(given, int) and not isinstance(given, bool):
            return [str(given)]
        if isinstance(given, str | os.PathLike):
            return [os.fspath(given)]
        raise ValueError(f"{given!r} is not what it takes")


OPTIONS: Final = {
    option.name: option
    for option in (
        Option("root", "DIR|TAR|IMAGE", "what is / of the program: a directory, a tar file or an OCI image directory",
               _root, of_machine=True, opens_host=True),
        Option("bind", "SRC[:DST[:ro|rw|cow]]", "show a file or directory of the host, at DST or where the host has "
               "it: copy-on-write (cow, default), read-only (ro), or so that it is changed there (rw)",
               _bind, is_repeated=True, of_machine=True, opens_host=True),
        Option("rw", "", "what the program changes in the working directory, or in the directory of --root, is changed "
               "on the host", of_machine=True, opens_host=True),
        Option("tmpfs", "DIR", "an empty directory in memory", _place, is_repeated=True, of_machine=True),
        Option("hostname", "NAME", "what programs see as the name of their host", _hostname, of_machine=True),
        Option("net", "|".join(Reach), "how far the network of programs reaches: nowhere, to the machine itself "
               "(default), or as far as the host's does", _reach, of_machine=True, opens_host=True, solaris=True),
        Option("publish", "[ADDRESS:]HOST:GUEST[/udp]", "have clients of this port of the host (of 127.0.0.1, if no "
               "address is given) reach a port of the machine", _port, is_repeated=True, of_machine=True,
               opens_host=True, solaris=True),
        Option("memory", "SIZE", "memory of all programs together, such as 512M; also the machine's RAM", _memory,
               of_machine=True, solaris=True),
        Option("no_confine", "", "keep this process's own rights while programs run (for debugging Ring3)",
               of_machine=True, opens_host=True, solaris=True),
        Option("tasks", "N", "processes and threads at a time, of all programs together", _number, of_machine=True),
        Option("env", "NAME=VALUE", "set a variable of its environment", _variable, is_repeated=True, solaris=True),
        Option("clear_env", "", "give it no variables but those of --env", solaris=True),
        Option("user", "USER[:GROUP]", "whom it runs as in the machine, by number or by the machine's /etc/passwd"),
        Option("cwd", "DIR", "where in the machine it starts"),
        Option("cpus_seconds", "N", "CPU time of a process: SIGXCPU, then SIGKILL", _number),
        Option("files", "N", "descriptors of a process at a time", _number),
        Option("output_bytes", "SIZE", "what it may write to standard output and error: SIGXFSZ beyond it", _bytes),
        Option("timeout", "SECONDS", "end it after so long, with status 124", _number),
    )
}  # fmt: skip
"""All options, by name, in the order of the fields."""


def sandbox_of(*sources: tuple[str, Mapping[str, Any]]) -> Sandbox:
    """What several sources of options say together; of values that cannot stand side by side, the last one counts.

    Args:
        sources: Each with what stands before the option's name in a complaint, and with the values by option. A value
            is a word or number, a list of words where the option may be repeated, or True for an option without a
            value; None and False say nothing.

    Raises:
        UserError: A value makes no sense.
    """
    found: dict[str, Any] = {}
    for where, values in sources:
        for name, given in values.items():
            if given is None or given is False:
                continue
            option = OPTIONS[name]
            said = option.flag if where == "" else f"{where}{name}"
            if not option.metavar:
                if given is not True:
                    raise UserError(f"{said}: true or false is meant")
                found[name] = True
                continue
            try:
                words = option.values(given)
            except ValueError as error:
                raise UserError(f"{said}: {error}") from None
            read = [_read(option, said, word) for word in words]
            found[name] = (*found.get(name, ()), *read) if option.is_repeated else read[0]
    return Sandbox(**found)


def _read(option: Option, said: str, word: str) -> Any:  # noqa: ANN401 -- as the field is
    try:
        return option.read(word)
    except ValueError as error:
        raise UserError(f"{said} {word}: {error}") from None


def given(sandbox: Sandbox) -> Iterable[Option]:
    """The options that say something."""
    nothing = Sandbox()
    return [
        option
        for option, value, default in zip(OPTIONS.values(), sandbox, nothing, strict=True)
        if value != default
    ]


def settings_files(environment: Mapping[str, str]) -> list[str]:
    """Where files of defaults may be (`ring3.sandbox.settings`): what a later one says counts more.

    They are ``ring3/ring3.toml`` in each of $XDG_CONFIG_DIRS and in $XDG_CONFIG_HOME, as the XDG Base Directory
    Specification has it, and ``ring3.toml`` in the working directory.

    Args:
        environment: That of the user.
    """
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(environment.get("HOME", ""), ".config")
    folders = [*reversed((environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")), home]
    return [
        *(os.path.join(folder, "ring3", SETTINGS) for folder in folders if os.path.isabs(folder)),
        SETTINGS,
    ]
