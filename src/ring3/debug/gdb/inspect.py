"""Requests that look: registers, memory, threads, and the documents of ``qXfer``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.debug.gdb import documents
from ring3.debug.gdb.packets import LONGEST, Malformed, escape, hexed, number, pair, unescape
from ring3.debug.link_map import tls_address

if TYPE_CHECKING:
    from ring3.debug.gdb.server import Server
    from ring3.debug.thread import Thread

_SEARCHED: Final = 0x10000
"""Bytes of memory that are searched at once."""


class Inspector:
    """Answers for one server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    # -- registers and memory ------------------------------------------------------------------------------------

    def answer(self, word: str) -> str:
        """The requests of one letter; "" for those that there are not.

        Raises:
            Malformed: It makes no sense.
            NoMemory: A part of the memory is not there.
        """
        letter, rest = word[:1], word[1:]
        found = self._letters.get(letter)
        return "" if found is None else found(self, self._server.thread(), rest)

    def _read_all(self, thread: Thread, rest: str) -> str:
        del rest
        return self._server.description(thread).read_all(thread).hex()

    def _write_all(self, thread: Thread, rest: str) -> str:
        self._server.description(thread).write_all(thread, hexed(rest))
        return "OK"

    def _read_register(self, thread: Thread, rest: str) -> str:
        return self._server.description(thread).read(thread, number(rest)).hex()

    def _write_register(self, thread: Thread, rest: str) -> str:
        which, _, value = rest.partition("=")
        self._server.description(thread).write(thread, number(which), hexed(value))
        return "OK"

    def _read_memory(self, thread: Thread, rest: str) -> str:
        address, size = pair(rest)
        memory = thread.memory
        found = memory.read_available(address, min(size, LONGEST // 2))
        return (found or memory.read(address, min(size, 1))).hex()

    def _write_memory(self, thread: Thread, rest: str) -> str:
        where, _, data = rest.partition(":")
        address, size = pair(where)
        raw = hexed(data)
        if len(raw) != size:
            raise Malformed("memory of another length than it says")
        thread.memory.write(address, raw)
        return "OK"

    _letters: Final[dict[str, Callable[[Inspector, Thread, str], str]]] = {
        "g": _read_all,
        "G": _write_all,
        "p": _read_register,
        "P": _write_register,
        "m": _read_memory,
        "M": _write_memory,
    }

    def binary(self, packet: bytes) -> str:
        """The requests with data that is not text.

        Raises:
            Malformed: It makes no sense.
            NoMemory: A part of the memory is not there.
        """
        thread = self._server.thread()
        if packet.startswith(b"X"):
            where, _, data = packet[1:].partition(b":")
            address, size = pair(where.decode("latin-1"))
            raw = unescape(data)
            if len(raw) != size:
                raise Malformed("memory of another length than it says")
            thread.memory.write(address, raw)
            return "OK"
        start, length, pattern = packet[len(b"qSearch:memory:") :].split(b";", 2)
        return self._search(thread, number(start), number(length), unescape(pattern))

    @staticmethod
    def _search(thread: Thread, address: int, size: int, pattern: bytes) -> str:
        if not pattern:
            raise Malformed("nothing is searched for")
        memory, end = thread.memory, address + size
        while address < end:
            part = memory.read(address, min(_SEARCHED, end - address))
            at = part.find(pattern)
            if at >= 0:
                return f"1,{address + at:x}"
            address += max(len(part) - len(pattern) + 1, 1)
            if len(part) < len(pattern):
                break
        return "0"

    # -- requests with names -------------------------------------------------------------------------------------

    def named(self, name: str, rest: str) -> str | bytes:
        """The rest of the requests that have names; "" for those that there are not.

        Raises:
            Malformed: It makes no sense.
            NoMemory: A part of the memory is not there.
        """
        server = self._server
        if name == "qC":
            return f"QC{server.naming.name(server.thread())}"
        if name == "qfThreadInfo":
            threads = ",".join(map(server.naming.name, server.target.threads))
            return f"m{threads}" if threads else "l"
        if name == "qsThreadInfo":
            return "l"
        if name.startswith("qThreadExtraInfo"):
            found = server.naming.meant(name.partition(",")[2])
            return found[0].name.encode().hex() if found else ""
        if name == "qAttached":
            return "0" if server.programs.has_run(rest) else "1"
        if name == "qGetTLSAddr":
            return self._tls(rest)
        if name == "qMemoryRegionInfo" and 0 not in server.target.rings:
            return documents.memory_region(server.thread(), number(rest))
        if name == "qXfer":
            return self._transfer(rest)
        return ""

    def _tls(self, rest: str) -> str:
        words = rest.split(",")
        if len(words) != 3:
            raise Malformed("a thread, an offset and an object are meant")
        found = self._server.naming.meant(words[0])
        address = tls_address(found[0], number(words[2]), number(words[1])) if found else None
        if address is None:
            raise Malformed("the thread has no such variable yet")
        return f"{address:x}"

    def _transfer(self, rest: str) -> str | bytes:
        """``qXfer``: a part of a document."""
        words = rest.split(":")
        if len(words) != 4:
            raise Malformed("an object, what to do, a name and a range are meant")
        kind, deed, annex, where = words
        make = self._documents.get(kind)
        if make is None or deed != "read":
            return ""
        found = make(self, annex)
        if found is None:
            return "E00"
        raw = found if isinstance(found, bytes) else found.encode("utf-8", "surrogateescape")
        offset, size = pair(where)
        part = raw[offset : offset + min(size, LONGEST // 2)]
        more = b"m" if offset + len(part) < len(raw) else b"l"
        return more + escape(part)

    def _features(self, annex: str) -> str | None:
        server = self._server
        return server.description(server.thread()).xml if annex == "target.xml" else None

    def _libraries(self, annex: str) -> str:
        words = dict(part.partition("=")[::2] for part in annex.split(";"))
        return documents.libraries(self._server.thread(), number(words.get("start") or "0"))

    def _threads(self, annex: str) -> str:
        del annex
        server = self._server
        return documents.threads(server.target.threads, server.naming.name)

    def _exec_file(self, annex: str) -> str | None:
        server = self._server
        found = server.naming.meant(f"p{annex}") if annex else [server.thread()]
        return documents.exec_file(found[0]) if found else None

    def _os_data(self, annex: str) -> str:
        return documents.os_data(self._server.target, annex)

    _documents: Final[dict[str, Callable[[Inspector, str], str | bytes | None]]] = {
        "features": _features,
        "auxv": lambda self, _annex: documents.auxv(self._server.thread()),
        "siginfo": lambda self, _annex: documents.siginfo(self._server.thread()),
        "libraries-svr4": _libraries,
        "memory-map": lambda _self, _annex: documents.MEMORY_MAP,
        "exec-file": _exec_file,
        "threads": _threads,
        "osdata": _os_data,
    }
