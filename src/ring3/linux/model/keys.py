"""Keys and keyrings: what a kernel keeps of them (keyrings(7); security/keys of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag, NamedTuple

LINK_BYTES: Final = 4
"""What a link in a keyring counts in the quota (KEYQUOTA_LINK_BYTES)."""
MAX_DEPTH: Final = 6
"""How deep keyrings may lie in each other (KEYRING_SEARCH_MAX_DEPTH)."""
_MAX_USER: Final = 32767
_MAX_BIG: Final = 1 << 20


class Need(IntFlag):
    """What somebody wants to do with a key; the mask of a key has the bits once for each kind of somebody."""

    VIEW = 1
    READ = 2
    WRITE = 4
    SEARCH = 8
    LINK = 16
    SETATTR = 32


ALL: Final = 0x3F
POSSESSOR, USER, GROUP, OTHER = 24, 16, 8, 0
"""By how many bits the rights of each are shifted in a key's mask."""
DEFAULT_RIGHTS: Final = ALL << POSSESSOR | Need.VIEW << USER
"""What add_key(2) gives a key that can be read and changed."""


class KeyType(NamedTuple):
    """A kind of keys.

    Attributes:
        name: Its name.
        least: How many bytes a payload has at least.
        most: And at most.
        readable: Programs can read payloads.
        updatable: A payload can be replaced.
        is_keyring: What it holds is links to keys.
        described: A description is ``service:rest``.
    """

    name: bytes
    least: int
    most: int
    readable: bool = True
    updatable: bool = True
    is_keyring: bool = False
    described: bool = False

    def check(self, description: bytes, payload: bytes) -> None:
        """Refuses what a key of the kind cannot be.

        Raises:
            Errno: EINVAL.
        """
        if not self.least <= len(payload) <= self.most or not description:
            raise Errno(E.EINVAL)
        if self.described and description.find(b":") < 1:
            raise Errno(E.EINVAL)

    @property
    def rights(self) -> int:
        """What a new key of the kind grants (key_create_or_update)."""
        without = (0 if self.readable else Need.READ) | (
            0 if self.updatable or self.is_keyring else Need.WRITE
        )
        return DEFAULT_RIGHTS & ~(without << POSSESSOR)


KEYRING: Final = KeyType(b"keyring", 0, 0, updatable=False, is_keyring=True)
TYPES: Final = {
    kind.name: kind
    for kind in (
        KEYRING,
        KeyType(b"user", 1, _MAX_USER),
        KeyType(b"logon", 1, _MAX_USER, readable=False, described=True),
        KeyType(b"big_key", 1, _MAX_BIG),
    )
}


class Account:
    """What the keys of a user amount to (struct key_user).

    Attributes:
        uid: The user.
        keys: How many there are.
        counted: How many of them count in the quota.
        bytes: What those take.
    """

    def __init__(self, uid: int) -> None:
        self.uid = uid
        self.keys = self.counted = self.bytes = 0


class Key:
    """A key, or a keyring.

    Attributes:
        serial: Its number.
        type: Its kind.
        description: By which it is found.
        uid: Its owner.
        gid: The owner's group.
        rights: Who may do what, six bits of `Need` for each kind of somebody.
        account: Who pays for it.
        payload: What it holds, if it is no keyring.
        links: What a keyring holds, by kind and description, oldest first.
        expiry: Seconds since 1970 when it ends, 0 for never.
        error: It stands for that there is no such key: what who asks for it gets; 0 for a real key.
        revoked: It cannot be used any more.
        invalidated: It is being removed.
        closed: Nothing more can be linked to it (KEYCTL_RESTRICT_KEYRING).
        holders: How many links, tasks and users keep it.
    """

    def __init__(
        self,
        serial: int,
        kind: KeyType,
        description: bytes,
        owner: tuple[int, int],
        rights: int,
        account: Account,
    ) -> None:
        self.serial = serial
        self.type = kind
        self.description = description
        self.uid, self.gid = owner
        self.rights = rights
        self.account = account
        self.payload = b""
        self.links: dict[tuple[bytes, bytes], Key] = {}
        self.expiry = 0
        self.error = 0
        self.revoked = self.invalidated = self.closed = False
        self.holders = 0

    @property
    def index(self) -> tuple[bytes, bytes]:
        """What tells it from others in a keyring."""
        return self.type.name, self.description

    @property
    def size(self) -> int:
        """What it counts in its owner's quota."""
        return len(self.description) + 1 + len(self.payload) + LINK_BYTES * len(self.links)

    def validate(self, now: int) -> None:
        """Refuses the use of a key that has ended (key_validate).

        Raises:
            Errno: ENOKEY, EKEYREVOKED, EKEYEXPIRED.
        """
        if self.invalidated:
            raise Errno(E.ENOKEY)
        if self.revoked:
            raise Errno(E.EKEYREVOKED)
        if self.has_expired(now):
            raise Errno(E.EKEYEXPIRED)

    def has_expired(self, now: int) -> bool:
        """Whether its time is over, at a second since 1970."""
        return bool(self.expiry) and now >= self.expiry


class Keys:
    """All keys of a kernel.

    Attributes:
        maxkeys: How many keys a user may have (/proc/sys/kernel/keys).
        maxbytes: How many bytes they may take.
        root_maxkeys: The same for user 0.
        root_maxbytes: The same for user 0.
        gc_delay: Seconds after which an ended key is forgotten.
        persistent_keyring_expiry: Seconds for which a persistent keyring lives without use.
        by_serial: All keys.
        accounts: Those of users, by number.
        kept: Keyrings that exist for a user as such, by their names.
    """

    def __init__(self) -> None:
        self.maxkeys, self.maxbytes = 200, 20_000
        self.root_maxkeys, self.root_maxbytes = 1_000_000, 25_000_000
        self.gc_delay = 300
        self.persistent_keyring_expiry = 3 * 24 * 3600
        self.by_serial: dict[int, Key] = {}
        self.accounts: dict[int, Account] = {}
        self.kept: dict[bytes, Key] = {}

    def new(
        self,
        serial: Callable[[], int],
        kind: KeyType,
        description: bytes,
        owner: tuple[int, int],
        rights: int,
        payload: bytes = b"",
        *,
        overrun: bool = False,
    ) -> Key:
        """Makes a key that nobody holds yet.

        Args:
            serial: Draws numbers.
            kind: Its kind.
            description: Its description.
            owner: A user and a group.
            rights: Its mask.
            payload: What it holds.
            overrun: It may exceed the quota.

        Raises:
            Errno: EDQUOT.
        """
        account = self.accounts.setdefault(owner[0], Account(owner[0]))
        number = serial()
        while number < 3 or number in self.by_serial:
            number = serial()
        key = Key(number, kind, description, owner, rights, account)
        if not overrun:
            self.check_quota(account, 1, len(description) + 1 + len(payload))
        key.payload = payload
        self._charge(key, 1)
        self.by_serial[key.serial] = key
        return key

    def limits(self, account: Account) -> tuple[int, int]:
        """How many keys a user may have, and how many bytes they may take."""
        if account.uid:
            return self.maxkeys, self.maxbytes
        return self.root_maxkeys, self.root_maxbytes

    def check_quota(self, account: Account, keys: int, size: int) -> None:
        """Refuses more than a user may have.

        Raises:
            Errno: EDQUOT.
        """
        most, room = self.limits(account)
        if account.counted + keys > most or (size > 0 and account.bytes + size > room):
            raise Errno(E.EDQUOT)

    def set_payload(self, key: Key, payload: bytes) -> None:
        """Replaces what a key holds.

        Raises:
            Errno: EDQUOT.
        """
        change = len(payload) - len(key.payload)
        self.check_quota(key.account, 0, change)
        key.account.bytes += change
        key.payload = payload

    def give(self, key: Key, uid: int) -> None:
        """Gives a key to another user, whose quota it counts in from then on.

        Raises:
            Errno: EDQUOT.
        """
        account = self.accounts.setdefault(uid, Account(uid))
        self.check_quota(account, 1, key.size)
        self._charge(key, -1)
        key.account, key.uid = account, uid
        self._charge(key, 1)

    # -- who holds what ------------------------------------------------------------------------------------------

    def hold(self, key: Key) -> Key:
        """Somebody keeps the key from now on."""
        key.holders += 1
        return key

    def drop(self, key: Key | None) -> None:
        """Somebody does not keep it any more; the last one ends it."""
        if key is None:
            return
        key.holders -= 1
        if key.holders <= 0 and self.by_serial.pop(key.serial, None) is not None:
            self._charge(key, -1)
            links, key.links = key.links, {}
            for held in links.values():
                self.drop(held)

    def _charge(self, key: Key, count: int) -> None:
        """Counts a key in its owner's account, or with -1 no more."""
        key.account.keys += count
        key.account.counted += count
        key.account.bytes += count * key.size

    def link(self, keyring: Key, key: Key) -> None:
        """Puts a key into a keyring, in the place of one with the same kind and description.

        Raises:
            Errno: EDQUOT.
        """
        self.hold(key)
        before = keyring.links.pop(key.index, None)
        if before is None:
            try:
                self.check_quota(keyring.account, 0, LINK_BYTES)
            except Errno:
                self.drop(key)
                raise
            keyring.account.bytes += LINK_BYTES
        keyring.links[key.index] = key
        self.drop(before)

    def unlink(self, keyring: Key, key: Key) -> None:
        """Takes it out.

        Raises:
            Errno: ENOENT, it is not there.
        """
        if keyring.links.get(key.index) is not key:
            raise Errno(E.ENOENT)
        del keyring.links[key.index]
        keyring.account.bytes -= LINK_BYTES
        self.drop(key)

    def clear(self, keyring: Key) -> None:
        """Takes everything out."""
        for key in list(keyring.links.values()):
            self.unlink(keyring, key)

    def sweep(self, now: int) -> None:
        """Forgets what has ended: at once what was invalidated, the others some time later."""
        ended = {
            key.serial
            for key in self.by_serial.values()
            if key.invalidated or (key.expiry and now > key.expiry + self.gc_delay)
        }
        if ended:
            for keyring in list(self.by_serial.values()):
                for key in [key for key in keyring.links.values() if key.serial in ended]:
                    self.unlink(keyring, key)

    def __iter__(self) -> Iterator[Key]:
        return iter([self.by_serial[serial] for serial in sorted(self.by_serial)])


class TaskKeyrings:
    """The keyrings that a task has, and where keys go that request_key(2) makes.

    Attributes:
        keys: All keys.
        thread: Its own.
        process: Its process's.
        session: Its session's; None for that of its user.
        default: Where made keys go, `KEYCTL_SET_REQKEY_KEYRING` numbers the choices.
    """

    __slots__ = ("default", "keys", "process", "session", "thread")

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.thread: Key | None = None
        self.process: Key | None = None
        self.session: Key | None = None
        self.default = 0

    def for_child(self, *, is_thread: bool) -> TaskKeyrings:
        """What a child has of them (copy_creds)."""
        child = TaskKeyrings(self.keys)
        child.default = self.default
        child.session = self._held(self.session)
        if is_thread:
            child.process = self._held(self.process)
        return child

    def _held(self, key: Key | None) -> Key | None:
        return None if key is None else self.keys.hold(key)

    def after_exec(self) -> None:
        """A new program has the session's alone."""
        for name in ("thread", "process"):
            self.replace(name, None)

    def replace(self, name: str, key: Key | None) -> None:
        """Exchanges one of them."""
        self._held(key)
        before = getattr(self, name)
        setattr(self, name, key)
        self.keys.drop(before)

    def close(self) -> None:
        """The task has ended."""
        for name in ("thread", "process", "session"):
            self.replace(name, None)
