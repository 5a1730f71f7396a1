"""send(2), sendmsg(2) and sendmmsg(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import MSG_DONTWAIT, MSG_NOSIGNAL
from ring3.fs.file import O_NONBLOCK, WouldBlock
from ring3.fs.waiting import Waiting, deadline_of, until_ready
from ring3.kernel.mm.usercopy import PIECE
from ring3.kernel.task import GivenUp
from ring3.linux.calls.files.read_write import import_ubuf
from ring3.linux.calls.sockets.arguments import (
    Buffers,
    TaskCaller,
    read_address,
    refuse_compat,
    socket_of,
)
from ring3.linux.calls.sockets.msghdr import NOTHING, Ancillary, MessageHeader, Width, ancillary, width_of
from ring3.linux.definition import syscall
from ring3.linux.files.vectors import UIO_MAXIOV
from ring3.linux.signals.send import broken_pipe
from ring3.net.socket import Message

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket


class Sending:
    """One message, or a stretch of a stream, that is to be sent."""

    __slots__ = ("_address", "_buffers", "_caller", "_extra", "_flags", "_socket", "_task", "done")

    def __init__(
        self,
        task: LinuxTask,
        socket: Socket,
        buffers: Buffers,
        flags: int,
        address: bytes = b"",
        extra: Ancillary = NOTHING,
    ) -> None:
        self._task = task
        self._socket = socket
        self._buffers = buffers
        self._flags = flags
        self._address = address
        self._extra = extra
        self._caller = TaskCaller(task)
        self.done = 0 if task.progress is None else task.progress.done

    def _step(self) -> None:
        """Sends what can be sent now.

        Raises:
            Errno: As send(2).
            WouldBlock: Nothing can be.
        """
        left = self._buffers.size - self.done
        if self._socket.is_stream:
            left = min(left, PIECE)
        else:
            self._socket.check_size(left)
        data = self._buffers.read(self.done, left)
        extra = NOTHING if self.done else self._extra
        message = Message(data, self._flags, self._address, extra.rights, extra.credentials, extra.others)
        self.done += self._socket.send(message, self._caller)

    def run(self) -> int | Waiting:
        """Sends all, now or by a coroutine."""
        immediate = self._flags & MSG_DONTWAIT or self._socket.flags & O_NONBLOCK
        try:
            self._step()
            while self.done < self._buffers.size and self._socket.is_stream:
                self._step()
        except WouldBlock as blocked:
            if not immediate:
                return self._wait(blocked)
            return self._end(Errno(E.EAGAIN))
        except Errno as error:
            return self._end(error)
        return self.done

    def _end(self, error: Errno) -> int:
        """The end of a call that met an error: what was sent before counts.

        Raises:
            Errno: Nothing was.
        """
        if self.done:
            return self.done
        if error.number is E.EPIPE and self._socket.signals_broken_pipe and not self._flags & MSG_NOSIGNAL:
            broken_pipe(self._task)
        raise error

    async def _wait(self, blocked: WouldBlock) -> int:
        socket = self._socket
        socket.hold()
        try:
            deadline = deadline_of(self._task, socket, blocked)
            while True:
                try:
                    await until_ready(self._task, blocked, deadline)
                    self._step()
                    if self.done >= self._buffers.size:
                        return self.done
                except WouldBlock as again:
                    blocked = again
        except Errno as error:
            return self._end(error)
        except GivenUp:
            if self._task.progress is not None:
                self._task.progress.done = self.done
            raise
        finally:
            socket.drop()


@syscall("full")
def sys_sendto(
    task: LinuxTask,
    fd: Int,
    buff: Pointer,
    length: SizeT,
    flags: UnsignedInt,
    addr: Pointer,
    addr_len: Int,
) -> int | Waiting:
    """Sends bytes or a message, with or without an address."""
    size = import_ubuf(buff, length)
    socket = socket_of(task, fd)
    address = read_address(task, addr, addr_len) if addr else b""
    return Sending(task, socket, Buffers(task, [(buff, size)]), flags, address).run()


def _sendmsg(task: LinuxTask, socket: Socket, address: int, flags: int, width: Width) -> int | Waiting:
    header = MessageHeader(task, address, width)
    name, control = header.read_name(), header.read_control()
    socket.check_connected()
    extra = ancillary(task, control, socket)
    return Sending(task, socket, header.buffers, flags, name, extra).run()


@syscall("full", compat_sys_sendmsg=32)
def sys_sendmsg(
    task: LinuxTask, fd: Int, msg: Pointer, flags: UnsignedInt, *, bits: int = 64
) -> int | Waiting:
    """Sends a message from several buffers, with control messages."""
    refuse_compat(flags, bits)
    return _sendmsg(task, socket_of(task, fd), msg, flags, width_of(task))


async def _sendmmsg(task: LinuxTask, socket: Socket, address: int, count: int, flags: int) -> int:
    """Sends messages until one fails; the first failure is the answer only if none was sent."""
    width, done = width_of(task), 0
    socket.hold()
    try:
        for number in range(min(count, UIO_MAXIOV)):
            at = address + number * width.entry
            result = _sendmsg(task, socket, at, flags, width)
            size = result if isinstance(result, int) else await result
            task.memory.write_u32(at + width.header.size, size)
            done += 1
    except Errno:
        if not done:
            raise
    finally:
        socket.drop()
    return done


@syscall("full", compat_sys_sendmmsg=32)
def sys_sendmmsg(
    task: LinuxTask,
    fd: Int,
    mmsg: Pointer,
    vlen: UnsignedInt,
    flags: UnsignedInt,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Sends several messages."""
    refuse_compat(flags, bits)
    return _sendmmsg(task, socket_of(task, fd), mmsg, vlen, flags)
