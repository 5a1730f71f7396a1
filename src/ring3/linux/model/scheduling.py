"""What a thread asks of the scheduler: policy, priority, nice value (sched(7))."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum, NamedTuple


class Policy(IntEnum):
    """How a thread is scheduled (include/uapi/linux/sched.h)."""

    NORMAL = 0
    FIFO = 1
    RR = 2
    BATCH = 3
    IDLE = 5
    DEADLINE = 6


REALTIME: Final = (Policy.FIFO, Policy.RR)
FAIR: Final = (Policy.NORMAL, Policy.BATCH, Policy.IDLE)
MAX_PRIORITY: Final = 99


class Scheduling(NamedTuple):
    """What a thread asks of the scheduler.

    Attributes:
        policy: A `Policy`.
        priority: 1 to 99 with a real-time policy, else 0.
        nice: -20 to 19.
        reset_on_fork: Children start with policy NORMAL.
        slice: Nanoseconds of a turn it asked for, 0 for the usual.
        deadline: Runtime, deadline and period of SCHED_DEADLINE, in nanoseconds.
        deadline_flags: `SchedFlag` bits of SCHED_DEADLINE.
        ioprio: Class and level of its input and output (ioprio_set(2)).
    """

    policy: int = Policy.NORMAL
    priority: int = 0
    nice: int = 0
    reset_on_fork: bool = False
    slice: int = 0
    deadline: tuple[int, int, int] = (0, 0, 0)
    deadline_flags: int = 0
    ioprio: int = 0

    @property
    def rank(self) -> int:
        """By which threads come first: 0 for all that share the CPU, more for those that do not."""
        return (
            self.priority
            if self.policy in REALTIME
            else MAX_PRIORITY + 1
            if self.policy == Policy.DEADLINE
            else 0
        )

    def for_child(self) -> Scheduling:
        """What a new thread starts with (sched_fork)."""
        if not self.reset_on_fork:
            return self
        if self.policy in (*REALTIME, Policy.DEADLINE):
            return Scheduling(ioprio=self.ioprio)
        return self._replace(nice=max(self.nice, 0), reset_on_fork=False)
