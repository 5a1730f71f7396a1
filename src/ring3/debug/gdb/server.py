"""What gdb asks, and what it is told: packets in, packets out.

A server has a target and is fed what its client sends; `told` brings it the stops that the target's `wait` gives. In
all-stop mode everything that is debugged stands still when gdb is told of a stop; in non-stop mode only who stopped.
What a client asks that makes no sense is answered with an error, in words, and changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import Sig
from ring3.debug.gdb import replies
from ring3.debug.gdb.files import Files
from ring3.debug.gdb.inspect import Inspector
from ring3.debug.gdb.naming import Naming
from ring3.debug.gdb.packets import INTERRUPT, LONGEST, Malformed, Reader, framed
from ring3.debug.gdb.points import Points
from ring3.debug.gdb.processes import Programs
from ring3.debug.gdb.registers import Description
from ring3.debug.gdb.resume import parse_resume, resume
from ring3.debug.gdb.settings import SETTINGS
from ring3.debug.memory import NoMemory
from ring3.debug.stops import Reason, Stop
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.debug.gdb.processes import Spawn
    from ring3.debug.target import Target
    from ring3.debug.thread import Thread

Answer = str | bytes | None
FEATURES: Final = (
    f"PacketSize={LONGEST:x};QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;fork-events+;"
    "vfork-events+;exec-events+;QThreadEvents+;QPassSignals+;QProgramSignals+;QCatchSyscalls+;QNonStop+;"
    "ConditionalBreakpoints+;QStartupWithShell+;QEnvironmentHexEncoded+;"
    "QEnvironmentReset+;QEnvironmentUnset+;qXfer:features:read+;qXfer:memory-map:read+;qXfer:threads:read+;"
    "qXfer:osdata:read+;error-message+"
)
OF_PROGRAMS: Final = (
    ";qXfer:auxv:read+;qXfer:libraries-svr4:read+;augmented-libraries-svr4-read+;qXfer:exec-file:read+;"
    "qXfer:siginfo:read+"
)
"""What a client can ask of programs, and not of the machine."""
_ENDS: Final = (Reason.EXIT, Reason.THREAD_EXIT)


class Server:
    """One client and one target.

    Attributes:
        target: The target.
        naming: How its threads are called.
        general: The thread that requests without one mean, None for any.
        programs: What begins and ends.
        non_stop: Whether threads stop one by one.
        is_extended: Whether the client stays when programs have ended.
        is_over: The client wants nothing more.
    """

    def __init__(self, target: Target, send: Callable[[bytes], None], spawn: Spawn | None = None) -> None:
        """Serves a client that has just connected, while the target's threads stand still.

        Args:
            target: The target.
            send: Takes what the client is to get.
            spawn: Loads a program when the client wants one; None where it cannot.
        """
        self.target: Target = target
        self.naming = Naming(target)
        self.general: Thread | None = None
        self.programs = Programs(target, self.naming, spawn)
        self.non_stop = self.is_extended = self.is_over = False
        self.says_errors = False
        self._send = send
        self._reader = Reader()
        self._files = Files()
        self._points = Points(target, self.description)
        self._inspector = Inspector(self)
        self._descriptions: dict[int, Description] = {}
        self._is_running = self._was_asked = self._is_starting = False
        self._untold: deque[Stop] = deque()
        self._continued: Thread | None = None

    # -- what comes and goes -------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Takes what the client has sent; nothing means that it has gone."""
        if not data:
            self.is_over = True
        before = None
        for packet, acknowledgement in self._reader.feed(data):
            if acknowledgement:
                self._send(acknowledgement)
            again, before = packet == before and self._reader.acknowledges, packet
            if again:
                continue  # the client has sent it anew, because it was not acknowledged in time
            if packet == INTERRUPT:
                self._interrupt()
            elif packet is not None:
                answer = self._answer(packet)
                if answer is not None:
                    self._reply(answer)

    def _reply(self, answer: str | bytes) -> None:
        self._send(framed(answer if isinstance(answer, bytes) else answer.encode("latin-1")))

    def _answer(self, packet: bytes) -> Answer:
        try:
            return self._dispatch(packet)
        except NoMemory as error:
            return self.error(error, 0x0E)
        except (Malformed, UserError, ValueError) as error:
            return self.error(error, 1)

    def error(self, error: Exception, code: int) -> str:
        """An error as the client understands it: in words, or a number."""
        text = str(error).encode("ascii", "replace").decode().replace("#", "?").replace("$", "?")
        return f"E.{text}" if self.says_errors else f"E{code:02x}"

    def close(self) -> None:
        """The client has gone."""
        self._files.close()

    # -- stops ---------------------------------------------------------------------------------------------------

    def told(self, stop: Stop) -> None:
        """Something has stopped or ended."""
        if stop.reason is Reason.INTERRUPT:
            stop = self._interrupted(stop)
        if self.non_stop:
            self._untold.append(stop)
            if len(self._untold) == 1:
                self._send(framed(b"Stop:" + self._text(stop).encode(), b"%"))
            return
        self.target.halt()
        self._is_running = False
        if stop.reason not in _ENDS:
            self.general = self._continued = stop.thread
        text = self._text(stop)
        self._was_asked = self._is_starting = False
        self._reply(text)

    def _text(self, stop: Stop) -> str:
        if stop.reason in _ENDS:
            return replies.ended(stop, self.naming.pid_of(stop.thread))
        return replies.stopped(stop, self.description(stop.thread), self.naming.name)

    def _interrupted(self, stop: Stop) -> Stop:
        """A stop that was asked for, with the signal that gdb takes it for."""
        signal = Sig.SIGTRAP if self._is_starting else Sig.SIGINT if self._was_asked else 0
        stop.thread.stop = told = stop._replace(signal=int(signal))
        return told

    def _interrupt(self) -> None:
        """The client wants a stop now."""
        if self.non_stop:
            for thread in self.target.threads:
                self.target.interrupt(thread)
        elif self._is_running:
            self._was_asked = True
            self.target.halt()
            stop = self.target.wait(lambda: True)  # something may have happened meanwhile
            stopped = self.target.threads
            if stop is None and stopped:
                current = self.target.thread_of(self.target.kernel.current)
                chosen = next((one for one in (self._continued, current) if one in stopped), stopped[0])
                assert chosen is not None
                stop = Stop(Reason.INTERRUPT, chosen)
            if stop is not None:
                self.told(stop)

    def _why(self) -> str:
        """``?``: why the threads stand still."""
        stopped = [thread.stop for thread in self.target.threads if thread.stop is not None]
        if not stopped:
            return "OK" if self.non_stop else "W00"
        if self.non_stop:
            self._untold = deque(stopped)
            return self._text(stopped[0])
        current = self.general or self.target.thread_of(self.target.kernel.current)
        chosen = next((stop for stop in stopped if stop.thread is current), stopped[0])
        self.general = chosen.thread
        return self._text(chosen)

    def _next_stop(self) -> str:
        """``vStopped``: the client has noted the last one."""
        if self._untold:
            self._untold.popleft()
        return self._text(self._untold[0]) if self._untold else "OK"

    # -- requests ------------------------------------------------------------------------------------------------

    def thread(self) -> Thread:
        """The thread that a request without one means.

        Raises:
            Malformed: There is none.
        """
        if self.general is None or self.general not in self.target.threads:
            self.general = next(iter(self.target.threads), None)
        if self.general is None:
            raise Malformed("there is no thread")
        return self.general

    def description(self, thread: Thread) -> Description:
        """The registers that a thread has."""
        shows_system = 0 in self.target.rings
        bits = 64 if shows_system else 8 * thread.memory.word
        if bits not in self._descriptions:
            self._descriptions[bits] = Description(bits, shows_system=shows_system)
        return self._descriptions[bits]

    def _dispatch(self, packet: bytes) -> Answer:
        if packet.startswith(b"vFile:"):
            thread = next(iter(self.target.threads), None)
            return self._files.answer(self.general or thread, packet[6:])
        if packet.startswith((b"X", b"qSearch:memory:")):
            return self._inspector.binary(packet)
        word = packet.decode("latin-1")
        if word[:1] in ("v", "q", "Q"):
            return self._named(word)
        rest = word[1:]
        match word[:1]:
            case "?":
                return self._why()
            case "!":
                self.is_extended = True
                return "OK"
            case "H":
                return self._choose(rest)
            case "T":
                return "OK" if self.naming.meant(rest) else self.error(Malformed("it has ended"), 1)
            case "c" | "C" | "s" | "S":
                return self._resume(word)
            case "Z" | "z":
                return self._points.change(self.thread(), rest, insert=word[0] == "Z")
        return self._leave(word) if word[:1] in ("D", "k") else self._inspector.answer(word)

    def _leave(self, word: str) -> Answer:
        """``D`` and ``k``: lets programs go, or ends them."""
        if word[0] == "D":
            return self.programs.detach(word[1:].removeprefix(";"))
        self.programs.kill_all()
        self.is_over = not self.is_extended
        return None

    def _named(self, word: str) -> Answer:
        """The requests that have names."""
        name = word.partition(":")[0].partition(";")[0]
        rest = word[len(name) + 1 :]
        if name == "vCont?":
            return "vCont;c;C;s;S;t;r"
        if name == "vCont":
            return self._resume(rest)
        if name == "vCtrlC":
            self._interrupt()
            return "OK"
        if name == "vStopped":
            return self._next_stop()
        if name in ("vRun", "vAttach", "vKill"):
            return self._program(name, rest)
        if name == "qSupported":
            self.says_errors = "error-message+" in rest.split(";")
            features = rest.split(";")
            self.programs.follow(children="fork-events+" in features or "vfork-events+" in features)
            return FEATURES + OF_PROGRAMS * (0 not in self.target.rings)
        if name == "QStartNoAckMode":
            self._reply("OK")
            self._reader.acknowledges = False
            return None
        if name == "QNonStop":
            self.non_stop = rest == "1"
            return "OK"
        setting = SETTINGS.get(name)
        if setting is not None:
            return setting(self.target, self.programs, rest)
        return self._inspector.named(name, rest)

    def _program(self, name: str, rest: str) -> Answer:
        if name == "vKill":
            return self.programs.kill(rest)
        if name == "vRun":
            self._is_starting = True
            self.programs.run(rest)
        else:
            self.programs.attach(rest)
            if self.non_stop:
                return "OK"
        self._is_running = True
        return None

    def _choose(self, rest: str) -> str:
        """``H``: the thread that later requests mean."""
        found = self.naming.meant(rest[1:])
        if rest[:1] == "g":
            if not found:
                raise Malformed("there is no such thread")
            if self.general not in found or rest[1:] not in ("0", "-1"):
                self.general = found[0]
        elif rest[:1] == "c":
            self._continued = found[0] if found and rest[1:] not in ("0", "-1") else None
        else:
            raise Malformed("Hg or Hc is meant")
        return "OK"

    def _resume(self, word: str) -> Answer:
        """Lets threads go on; the answer comes when one has stopped, but in non-stop mode at once."""
        actions = parse_resume(word, self.naming, self._continued)
        is_for_any = resume(self.target, actions)
        if self.non_stop:
            return "OK"
        if not self.target.threads:
            return "N"
        if not is_for_any:
            raise Malformed("there is no such thread")
        self._is_running = True
        return None
