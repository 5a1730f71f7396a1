"""The least policy that runs of a program needed, as TOML, as an OCI seccomp profile, or for systemd."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import bits_of, name_of
from ring3.trace.inject.conditions import addresses_of
from ring3.trace.policy.paths import real_paths
from ring3.trace.policy.rules import ALWAYS

if TYPE_CHECKING:
    from ring3.linux.kernel import LinuxKernel


class Learner(CallObserver):
    """Keeps which calls are made, and about which files and addresses.

    Attributes:
        files: The files of each call, by its name.
        addresses: The addresses, in the same way.
        plain: Calls that were made about neither.
        widths: The widths of programs that made calls.
    """

    def __init__(self, kernel: LinuxKernel) -> None:
        """Begins to look."""
        self.files: dict[str, set[str]] = {}
        self.addresses: dict[str, set[str]] = {}
        self.plain: set[str] = set(ALWAYS)
        self.widths: set[int] = set()
        kernel.probes.attach(points.SystemCall(), self)

    def entry(self, call: Call) -> None:
        """Keeps a call."""
        assert isinstance(call, StubCall)
        name = name_of(call)
        self.widths.add(bits_of(call))
        paths, addresses = real_paths(call), addresses_of(call)
        if paths:
            self.files.setdefault(name, set()).update(map(_general, paths))
        elif addresses:
            self.addresses.setdefault(name, set()).update(addresses)
        else:
            self.plain.add(name)

    @property
    def names(self) -> list[str]:
        """All calls that are to be allowed."""
        return sorted({*self.files, *self.addresses, *self.plain})

    def toml(self) -> str:
        """The policy as `ring3.trace.policy.toml` reads it."""
        rules = [_rule(sorted(self.plain))]
        rules += _grouped(self.files, "paths")
        rules += _grouped(self.addresses, "addresses")
        return 'default = "deny"\nerrno = "EPERM"\n' + "".join(rules)

    def oci(self) -> str:
        """The policy as a seccomp profile for containers: by call alone, as seccomp cannot look at paths."""
        architectures = [
            name for bits, name in ((64, "SCMP_ARCH_X86_64"), (32, "SCMP_ARCH_X86")) if bits in self.widths
        ]
        profile = {
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 1,
            "architectures": architectures,
            "syscalls": [{"names": self.names, "action": "SCMP_ACT_ALLOW"}],
        }
        return json.dumps(profile, indent=2) + "\n"

    def systemd(self) -> str:
        """The policy as lines of a unit (systemd.exec(5))."""
        architectures = " ".join(name for bits, name in ((64, "x86-64"), (32, "x86")) if bits in self.widths)
        return (
            f"SystemCallArchitectures={architectures}\nSystemCallErrorNumber=EPERM\n"
            f"SystemCallFilter={' '.join(self.names)}\n"
        )


def _general(path: str) -> str:
    """A file's name with what differs from run to run as a pattern: numbers of processes."""
    literal = re.sub(r"([*?\[])", r"[\1]", path)
    return re.sub(r"^/proc/\d+(?=/|$)", "/proc/*", literal)


def _grouped(found: Mapping[str, set[str]], key: str) -> Iterable[str]:
    """A rule for all calls that are about the same things."""
    by_things: dict[tuple[str, ...], list[str]] = {}
    for name, things in sorted(found.items()):
        by_things.setdefault(tuple(sorted(things)), []).append(name)
    for group, names in by_things.items():
        yield _rule(names, key, group)


def _rule(names: Iterable[str], key: str = "", things: Iterable[str] = ()) -> str:
    lines = ["", "[[rule]]", f"calls = {json.dumps(list(names))}", 'action = "allow"']
    if key:
        lines.append(f"{key} = [")
        lines += [f"    {json.dumps(thing)}," for thing in things]
        lines.append("]")
    return "\n".join(lines) + "\n"
