"""User namespaces: which users and groups of the machine its processes see as which (user_namespaces(7)).

The machine's own numbers are what everything is kept with; a namespace translates them for who looks. All hang below
`INITIAL`, where each number means itself.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple

OVERFLOW_ID: Final = 65534
"""What a number looks like that a namespace has none for (kernel.overflowuid)."""
NO_ID: Final = 0xFFFF_FFFF
USER_INITIAL: Final = 0xEFFF_FFFD
"""The number of the first one (PROC_USER_INIT_INO of include/linux/proc_ns.h)."""


class Extent(NamedTuple):
    """A stretch of numbers.

    Attributes:
        inside: The first one as the namespace has it.
        outside: The same as the machine has it.
        size: How many there are.
    """

    inside: int
    outside: int
    size: int


class UserNamespace:
    """A user namespace.

    Attributes:
        number: What stat(2) calls it.
        parent: The one that it was made in, None for the first one.
        level: How many are above.
        owner: The machine's number of the user who made it.
        group: That of the group.
        users: How users are translated; empty until somebody has said so.
        groups: The same for groups.
        may_set_groups: setgroups(2) is allowed in it.
    """

    def __init__(self, number: int, parent: UserNamespace | None, owner: int, group: int) -> None:
        self.number = number
        self.parent = parent
        self.level: int = 0 if parent is None else parent.level + 1
        self.owner = owner
        self.group = group
        self.users: tuple[Extent, ...] = ()
        self.groups: tuple[Extent, ...] = ()
        self.may_set_groups: bool = parent is None or parent.may_set_groups

    def shown_user(self, user: int) -> int:
        """What a user of the machine is called in it (from_kuid_munged)."""
        found = _inward(self.users, user)
        return OVERFLOW_ID if found is None else found

    def shown_group(self, group: int) -> int:
        """The same for a group."""
        found = _inward(self.groups, group)
        return OVERFLOW_ID if found is None else found

    def user(self, number: int) -> int | None:
        """The machine's user of a number in it, None if it has none (make_kuid)."""
        return _outward(self.users, number)

    def group_of(self, number: int) -> int | None:
        """The same for a group."""
        return _outward(self.groups, number)

    @property
    def root(self) -> int:
        """The machine's user that is user 0 in it; `NO_ID` if nobody is."""
        found = _outward(self.users, 0)
        return NO_ID if found is None else found

    def maps(self, user: int, group: int) -> bool:
        """Whether it has numbers for a user and a group of the machine."""
        return _inward(self.users, user) is not None and _inward(self.groups, group) is not None

    def is_within(self, other: UserNamespace) -> bool:
        """Whether it is another one or hangs below it."""
        at: UserNamespace | None = self
        while at is not None:
            if at is other:
                return True
            at = at.parent
        return False


def _inward(extents: tuple[Extent, ...], number: int) -> int | None:
    for inside, outside, size in extents:
        if outside <= number < outside + size:
            return number - outside + inside
    return None


def _outward(extents: tuple[Extent, ...], number: int) -> int | None:
    for inside, outside, size in extents:
        if inside <= number < inside + size:
            return number - inside + outside
    return None


def _initial() -> UserNamespace:
    found = UserNamespace(USER_INITIAL, None, 0, 0)
    found.users = found.groups = (Extent(0, 0, NO_ID),)
    return found


INITIAL: Final = _initial()
"""The first one, in which every number means itself; it never changes, and all machines may share it."""
