"""What a kernel has of its own that few programs ask for: it is made with the first of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ring3.fs.pty import Pty
    from ring3.kernel.ipc import Ipc
    from ring3.net.network import Network
    from ring3.solaris.door_files import Doors
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.lwp_sync import Sleepers
    from ring3.solaris.task import SolarisTask


class Parts:
    """The parts of a `SolarisKernel` that are there when they are needed; ``vars`` of it says which are."""

    @cached_property
    def network(self) -> Network:
        """What all sockets share; it is made with the first of them."""
        from ring3.net.network import Network  # noqa: PLC0415 -- few programs have sockets
        from ring3.solaris.socket_caller import TaskCaller  # noqa: PLC0415

        kernel = cast("SolarisKernel", self)

        def random_bytes(size: int) -> bytes:
            return kernel.random_bytes(size)  # whichever source is in force then

        def caller() -> TaskCaller:
            assert kernel.current is not None
            return TaskCaller(kernel.current)

        return Network(
            kernel.vfs, lambda: kernel.clocks, kernel.timers, random_bytes, caller, kernel.host, kernel.reach
        )

    @cached_property
    def ipc(self) -> Ipc:
        """System V message queues, semaphores and segments; they are made with the first of them."""
        from ring3.kernel.ipc import Ipc  # noqa: PLC0415 -- few programs have them

        return Ipc()

    @cached_property
    def doors(self) -> Doors:
        """The doors of all processes."""
        from ring3.solaris.door_files import Doors  # noqa: PLC0415 -- few programs have them

        return Doors()

    @cached_property
    def sleepers(self) -> Sleepers:
        """Who waits for mutexes, conditions and semaphores that processes share."""
        from ring3.solaris.lwp_sync import Sleepers  # noqa: PLC0415 -- few programs share them

        return Sleepers()

    @cached_property
    def terminals(self) -> dict[int, Pty | None]:
        """The pseudoterminal of each session, None for none; a session that is not there has that of the host."""
        return {}

    @cached_property
    def terminal_groups(self) -> dict[int, int]:
        """Which process group the host's terminal serves, by session."""
        return {}

    def running_task(self) -> SolarisTask:
        """The thread whose call is in progress."""
        current = cast("SolarisKernel", self).current
        assert current is not None
        return current
