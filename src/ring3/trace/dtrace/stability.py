"""Interface stability of probes and names: how much of a program may change from one release to the next.

Sources: the Dynamic Tracing Guide's chapter on stability and the tables of its chapters on providers, which illumos's
kernel has as dtrace_pattr_t.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

NAMES = ("Internal", "Private", "Obsolete", "External", "Unstable", "Evolving", "Stable", "Standard")
"""Stabilities, the weakest first."""
CLASSES = ("Unknown", "CPU", "Platform", "Group", "ISA", "Common")
"""Dependency classes, the most special first."""


class Attributes(NamedTuple):
    """The stability of a name, of what it means, and what it depends on; as indices of NAMES and CLASSES."""

    name: int
    data: int
    dependency: int

    def __str__(self) -> str:
        return f"{NAMES[self.name]}/{NAMES[self.data]}/{CLASSES[self.dependency]}"

    def least(self, other: Attributes) -> Attributes:
        """The weaker of two, part by part."""
        return Attributes(*map(min, self, other))

    def block(self, title: str, indent: str) -> str:
        """The three lines dtrace -v prints, under a title."""
        return (
            f"{indent}{title}\n"
            f"{indent}\tIdentifier Names: {NAMES[self.name]}\n"
            f"{indent}\tData Semantics:   {NAMES[self.data]}\n"
            f"{indent}\tDependency Class: {CLASSES[self.dependency]}\n"
        )


STABLE = Attributes(6, 6, 5)
MAXIMUM = Attributes(7, 7, 5)
UNSTABLE = Attributes(4, 4, 5)
PRIVATE = Attributes(1, 1, 0)
_EVOLVING = NAMES.index("Evolving")
_EVOLVING_COMMON = Attributes(_EVOLVING, _EVOLVING, 5)
_EVOLVING_ISA = Attributes(_EVOLVING, _EVOLVING, 4)
_PRIVATE_ISA = Attributes(1, 1, 4)


class Pattern(NamedTuple):
    """How stable the four parts of the names of a provider's probes are, and their arguments."""

    provider: Attributes
    module: Attributes
    function: Attributes
    name: Attributes
    arguments: Attributes


_ANY = Pattern(*[UNSTABLE] * 5)
"""Of descriptions that leave open which provider they mean."""
_EVENTS = Pattern(_EVOLVING_ISA, PRIVATE, PRIVATE, _EVOLVING_ISA, _EVOLVING_ISA)
_COUNTS = _EVENTS._replace(arguments=_PRIVATE_ISA)
_PATTERNS = {
    "dtrace": Pattern(STABLE, PRIVATE, PRIVATE, STABLE, STABLE),
    "fbt": _COUNTS,
    "lockstat": Pattern(_EVOLVING_COMMON, PRIVATE, PRIVATE, _EVOLVING_COMMON, _EVOLVING_COMMON),
    "pid": _EVENTS._replace(arguments=PRIVATE),
    "profile": Pattern(_EVOLVING_COMMON, Attributes(4, 4, 0), PRIVATE, _EVOLVING_COMMON, _EVOLVING_COMMON),
    "syscall": Pattern(_EVOLVING_COMMON, PRIVATE, _PRIVATE_ISA, _EVOLVING_COMMON, _PRIVATE_ISA),
    **dict.fromkeys(("io", "ip", "mib", "proc", "sched", "tcp", "udp"), _EVENTS),
    **dict.fromkeys(("sysinfo", "vminfo"), _COUNTS),
}
_OF_PROGRAMS = Pattern(*[PRIVATE] * 5)
"""Of probes that programs bring along."""


def pattern(provider: str) -> Pattern:
    """How stable a provider is; those of one process have its number behind their name."""
    return _PATTERNS.get(provider) or _PATTERNS.get(provider.rstrip("0123456789"), _OF_PROGRAMS)


def described(parts: tuple[str, str, str, str], providers: Collection[str], *, is_one: bool) -> Attributes:
    """How stable a description is: as its weakest part that is neither empty nor a glob.

    Args:
        parts: Of the description: provider, module, function and name.
        providers: The providers of the probes that it matches.
        is_one: Whether it matches one probe alone. If not, and its probes differ in what is to last, nothing is known.
    """
    found = pattern(next(iter(providers))) if len(providers) == 1 else _ANY
    if not is_one and not _is_general(parts, found):
        return UNSTABLE
    if _is_open(parts[0]):
        found = _ANY
    least = found.provider
    for part, attributes in zip(parts[1:], found[1:4], strict=True):
        if not _is_open(part):
            least = least.least(attributes)
    return least


def _is_general(parts: tuple[str, str, str, str], of: Pattern) -> bool:
    """Whether all probes that a description matches have the same arguments, by what their provider promises."""
    return of.arguments.data >= _EVOLVING and not any(
        attributes.name >= _EVOLVING and _is_open(part)
        for part, attributes in zip(parts[1:], of[1:4], strict=True)
    )


def _is_open(part: str) -> bool:
    return not part or any(letter in part for letter in "*?[")


def parse(text: str) -> Attributes | None:
    """`Stable/Evolving/Common` as attributes; None if a word is unknown."""
    words = [word.lower() for word in text.split("/")]
    names = [name.lower() for name in NAMES]
    classes = [name.lower() for name in CLASSES]
    if len(words) != 3 or words[0] not in names or words[1] not in names or words[2] not in classes:
        return None
    return Attributes(names.index(words[0]), names.index(words[1]), classes.index(words[2]))
