"""Follows one system call of a task through ring 0, by probes alone, whichever system it is.

From the stop at which the call was met until ring 3 is back, or the task has ended, the follower is told of the CPU's
ways into ring 0, of every instruction there, and of what is handed over to Python, and asks its *dialect*, a subclass,
to make facts of that. What other tasks do meanwhile is passed over. Nothing is changed by it but the time it takes.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_cpu import CpuObserver, Delivered
from ring3.kernel.watched_stubs import StubCall
from ring3.machine.cpu import Stop, Trap
from ring3.trace.explain.disassembly import Decoded, Disassembler
from ring3.trace.explain.model import Return
from ring3.trace.explain.registers import Picture, changes, picture, values
from ring3.trace.explain.walks import Walks
from ring3.trace.user_symbols import UserSymbols

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum

    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Exited
    from ring3.kernel.task import Task

Told = TypeVar("Told")


class Follower(CpuObserver, CallObserver, Generic[Told]):
    """The probes of one call.

    Attributes:
        task: Who makes it.
        before_call: The program's registers at the call.
        signals: The system's numbers of signals.
    """

    signals: type[IntEnum]

    def __init__(
        self, kernel: Kernel[Any], task: Task, program: str, nth: int, over: Callable[[Told], None]
    ) -> None:
        """Begins; the CPU stands at the call, and nothing of it is done yet.

        Args:
            kernel: The kernel.
            task: The task that runs.
            program: The path of its program.
            nth: Which of all calls it is, from 1.
            over: Gets the explanation when the call is over, before the program goes on.
        """
        self.task = task
        self._over = over
        self._machine = kernel.machine
        self._cpu = kernel.machine.cpu
        self._program = program
        self._nth = nth
        self._user_symbols = UserSymbols(kernel)
        self._walks = Walks(kernel.machine)
        self._back: Return | None = None
        self._ended = ""
        self.before_call = picture(self._cpu)
        self._at: tuple[Decoded, Picture, list[int]] | None = None
        self._handed_over: StubCall | None = None
        self._waited = False
        attach = kernel.probes.attach
        self._attached = [
            attach(points.Delivery(), self._enters),
            attach(points.Instruction(frozenset((0,))), self),
            attach(points.Stub(), self),
            attach(points.TaskExited(), self._exits),
        ]

    # -- what each dialect says for itself -------------------------------------------------------------------------

    @property
    @abstractmethod
    def disassembler(self) -> Disassembler:
        """Decodes ring 0's instructions."""

    @abstractmethod
    def explanation(self) -> Told:
        """What was gathered."""

    @abstractmethod
    def delivered(self, told: Delivered) -> None:
        """The CPU has entered ring 0."""

    @abstractmethod
    def executing(self, decoded: Decoded, before: Picture, addresses: list[int]) -> None:
        """An instruction of ring 0 comes next, with the addresses of the memory it touches."""

    @abstractmethod
    def executed(self, decoded: Decoded, before: Picture, addresses: list[int], *, faulted: bool) -> None:
        """It was executed, or has failed."""

    @abstractmethod
    def handing_over(self, call: StubCall) -> None:
        """Ring 0 hands over to Python."""

    @abstractmethod
    def handed_back(self, call: StubCall | None, *, waited: bool) -> None:
        """Python is done; with no call if the task has ended there, or while it waited."""

    # -- what the probes tell --------------------------------------------------------------------------------------

    def _enters(self, told: Delivered) -> None:
        if told.task is self.task:
            self.delivered(told)

    def before(self, task: Task) -> None:
        """An instruction of ring 0 comes next, whoever's."""
        if task is not self.task:
            return
        before = picture(self._cpu)
        decoded = self.disassembler.decode(before["rip"])
        addresses = [memory.address(before, decoded.end) for memory in decoded.memory]
        self._at = decoded, before, addresses
        self.executing(decoded, before, addresses)

    def after(self, task: Task, stop: Stop) -> None:
        """It was executed, or has failed."""
        if task is not self.task or self._at is None:
            return
        (decoded, before, addresses), self._at = self._at, None
        faulted = isinstance(stop, Trap) and self._cpu.rip == before["rip"]
        self.executed(decoded, before, addresses, faulted=faulted)
        if self._cpu.cpl == 3:
            self._leaves(decoded.mnemonic)
            self._finish()

    def _leaves(self, last: str) -> None:
        """Ring 3 runs next; the mnemonic of the instruction that led there."""
        after = picture(self._cpu)
        code = self.disassembler.decode(after["rip"], self._cpu.long_mode).code
        self._back = Return(last, values(after), changes(self.before_call, after, ("rip",)), code)

    def entry(self, call: Call) -> None:
        """Something is handed over to Python, whoever's."""
        if call.task is self.task and isinstance(call, StubCall):
            self._handed_over, self._waited = call, False
            self.handing_over(call)

    def wait(self, call: Call) -> None:
        """It waits."""
        if call is self._handed_over:
            self._waited = True

    def returned(self, call: Call) -> None:
        """It is done."""
        if call is self._handed_over:
            assert isinstance(call, StubCall)
            self._handed_over = None
            self.handed_back(call, waited=self._waited)

    def _exits(self, told: Exited) -> None:
        if told.task is self.task:
            if self._handed_over is not None:
                self._handed_over = None
                self.handed_back(None, waited=self._waited)
            signal = told.code & 0x7F
            status = told.code >> 8 & 0xFF
            self._ended = f"signal {self.signals(signal).name}" if signal else f"status {status}"
            self._finish()

    def _finish(self) -> None:
        for attachment in self._attached:
            attachment.detach()
        self._over(self.explanation())
