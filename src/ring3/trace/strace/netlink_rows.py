"""What messages of netlink(7) hold behind their heads, by protocol and type, and what their attributes carry.

`data/netlink` has blocks, whose first lines are not indented::

    messages 0 route_message                    a protocol by its number, with the set of its types of messages
        RTM_NEWADDR ifaddrmsg address_attribute     a type, its struct, and the set that types of attributes are of
    attributes address_attribute                a set of types of attributes
        IFA_LABEL text                              a type, and the kind of what it carries

In a block of attributes, ``*`` stands for all types that are not named. A block ``attributes NAME of SET`` has the
kinds of a set's types in another place. Kinds are:

- ``text``, a string with its last null cut off; ``string``, one that ends at the first null, with ``as KEY`` if it
  says what others are that stand behind it; ``bytes``;
- a C type with a meaning, as `ring3.abi.notation` has it (``u32: interface``), of which eight bytes may be there at
  most if it is of a set and has no ``+`` behind it;
- ``hex`` and ``named SET``, as wide as what is there; ``ticks``, hundredths of a second;
- ``hardware``, ``ipv4``, ``ipv6``, ``address`` (of the message's family);
- ``struct NAME...``, the first for which there is room; ``structs NAME`` and ``array TYPE: MEANING``, as many as there
  is room for; ``indexed TYPE SET``, an array whose places have names;
- ``nested NAME``, attributes; ``SPECIAL``, what `netlink_special` knows by that name;
- any of these and ``then nested NAME`` or ``then bytes`` for what stands behind it;
- ``by KEY NAME KIND | NAME KIND``, by what a string has said, or by the ``family`` of the message; ``else`` is a
  name, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi.kinds import NamedTuple

_FILE: Final = "trace/strace/data/netlink"
_OTHERS: Final = "*"


class Message(NamedTuple):
    """What a message has behind its head.

    Attributes:
        struct: The struct that comes first.
        attributes: The name of the attributes behind it; empty if what is there are bytes.
    """

    struct: str
    attributes: str


class Attributes(NamedTuple):
    """Attributes that stand in one place.

    Attributes:
        of: The set that their types are of.
        kinds: What they carry, by the names of their types.
    """

    of: str
    kinds: Mapping[str, str]

    def kind(self, name: str) -> str:
        """What a type carries; empty for nothing but bytes."""
        return self.kinds.get(name, self.kinds.get(_OTHERS, ""))


class Protocol(NamedTuple):
    """The messages of a protocol.

    Attributes:
        of: The set that their types are of.
        messages: What they have, by the names of their types.
    """

    of: str
    messages: Mapping[str, Message]

    def message(self, name: str) -> Message | None:
        """What a type has behind its head; None if that is not known."""
        return self.messages.get(name)


@cache
def _blocks() -> tuple[Mapping[int, Protocol], Mapping[str, Attributes]]:
    protocols: dict[int, Protocol] = {}
    attributes: dict[str, Attributes] = {}
    messages: dict[str, Message] = {}
    kinds: dict[str, str] = {}
    for line in resources.read_text(_FILE).splitlines():
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] == "messages":
            messages = {}
            protocols[int(words[1])] = Protocol(words[2], messages)
            kinds = {}
        elif words[0] == "attributes":
            kinds = {}
            attributes[words[1]] = Attributes(words[-1], kinds)
            messages = {}
        elif not attributes:
            messages[words[0]] = Message(words[1], words[2] if words[2:] else "")
        else:
            kinds[words[0]] = " ".join(words[1:])
    return protocols, attributes


def protocols() -> Mapping[int, Protocol]:
    """The protocols by number."""
    return _blocks()[0]


def places() -> Mapping[str, Attributes]:
    """The attributes that something is known of, by the names of their places."""
    return _blocks()[1]


def attributes(name: str) -> Attributes:
    """Attributes by the name of their place: those of a set carry bytes, if no more is known of them."""
    return places().get(name) or Attributes(name, {})
