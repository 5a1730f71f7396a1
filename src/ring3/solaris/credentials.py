"""Whom a process runs as, and what that allows (credentials, privileges(7)).

Privileges are modelled as on a system that uses none of its finer sets: effective user 0 has all of them, any other
user the basic set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

PRIV_SETSIZE: Final = 12
"""Bytes of a set of privileges: a bit for each."""


@dataclass(frozen=True, slots=True)
class Cred:
    """``cred_t``: user and group numbers.

    Attributes:
        uid: Effective user (cr_uid).
        gid: Effective group.
        ruid: Real user.
        rgid: Real group.
        groups: Supplementary groups.
    """

    uid: int = 60001
    gid: int = 60001
    ruid: int = 60001
    rgid: int = 60001
    groups: tuple[int, ...] = ()

    @property
    def all_privileges(self) -> bool:
        """Whether the effective set holds every privilege."""
        return self.uid == 0

    def privilege_set(self) -> bytes:
        """The bits of each of its sets."""
        return (b"\xff" if self.all_privileges else b"\0") * PRIV_SETSIZE

    def as_real(self) -> Cred:
        """The same with the real numbers in the place of the effective ones."""
        return replace(self, uid=self.ruid, gid=self.rgid)
