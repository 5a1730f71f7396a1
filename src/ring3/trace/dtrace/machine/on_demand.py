"""A machine that is switched on when a script asks for what only a machine has: its probes, variables or memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

from ring3.trace.dtrace.machine.types import SystemTypes
from ring3.trace.dtrace.providers.base import (
    Context,
    Description,
    Fire,
    NoTarget,
    Probe,
    Provider,
    Target,
    select,
)
from ring3.trace.dtrace.providers.profile import LISTED, period
from ring3.trace.dtrace.types import Type

_OWN: Final = frozenset(("dtrace", "profile"))
_IN_MEMORY: Final = frozenset(("curcpu", "curlwpsinfo", "curpsinfo", "curthread", "fds"))
"""Variables that lead to what a kernel has in memory."""


class TargetOnDemand(NoTarget):
    """What a system says on which no program runs."""

    def __init__(self, system: str, boot: Callable[[], Target]) -> None:
        """Be over a system that `boot` switches on; its types are known without."""
        super().__init__(os.getpid())
        self.system = system
        self._boot = boot
        self._booted: Target | None = None

    @property
    def _machine(self) -> Target:
        if self._booted is None:
            self._booted = self._boot()
        return self._booted

    def reader(self, variable: str) -> Callable[[Context], int | bytes]:
        """A function for a built-in variable."""
        return self._machine.reader(variable) if variable in _IN_MEMORY else super().reader(variable)

    def read(self, address: int, size: int) -> bytes:
        """Kernel memory."""
        return self._machine.read(address, size)

    def kernel_symbol(self, name: str) -> tuple[int, Type | None] | None:
        """The address and the type of a kernel symbol."""
        return self._machine.kernel_symbol(name)

    def name_of(self, address: int, process: int) -> tuple[str, str, int] | None:
        """The name of an address of the kernel; there is no process."""
        return self._machine.name_of(address, process) if process == 0 else None

    def find_type(self, name: str, module: str) -> Type | None:
        """A type of the system."""
        del module
        return self._types.find(name)

    def translators(self) -> str:
        """Those of D's own."""
        from ring3.trace.dtrace.machine import stock_translators  # noqa: PLC0415 - few scripts have any

        return stock_translators.source()

    @cached_property
    def _types(self) -> SystemTypes:
        return SystemTypes(self.system)


class ProvidersOnDemand:
    """Boots the machine when a probe is asked for that neither `dtrace` nor `profile` has."""

    name = ""

    def __init__(self, boot: Callable[[], list[Provider]]) -> None:
        self._boot = boot
        self._providers: list[Provider] = []

    @property
    def is_asked(self) -> bool:
        """Whether the machine is there for its probes."""
        return bool(self._providers)

    def find(self, description: Description) -> Iterable[Probe]:
        """The machine's probes that a description matches."""
        if description.provider in _OWN or _is_own(description):
            return []
        if not self._providers:
            self._providers = self._boot()
        return [probe for provider in self._providers for probe in provider.find(description)]

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Enable it where it is."""
        provider = next(each for each in self._providers if each.name == probe.provider)
        return provider.enable(probe, fire)


def _is_own(description: Description) -> bool:
    """Whether `dtrace` or `profile` has what a description without a provider names."""
    if description.provider or not description.name:
        return False
    own = [Probe("dtrace", "", "", name) for name in ("BEGIN", "END", "ERROR")]
    own += [Probe("profile", "", "", name) for name in LISTED]
    return period(description.name) is not None or bool(select(description, own))
