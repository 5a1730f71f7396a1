"""Interface stability of probes and names: how much of a program may change from one release to the next."""

from __future__ import annotations

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
EVOLVING = Attributes(5, 5, 4)
PRIVATE_ARGUMENTS = Attributes(1, 1, 4)


def parse(text: str) -> Attributes | None:
    """`Stable/Evolving/Common` as attributes; None if a word is unknown."""
    words = [word.lower() for word in text.split("/")]
    names = [name.lower() for name in NAMES]
    classes = [name.lower() for name in CLASSES]
    if len(words) != 3 or words[0] not in names or words[1] not in names or words[2] not in classes:
        return None
    return Attributes(names.index(words[0]), names.index(words[1]), classes.index(words[2]))
