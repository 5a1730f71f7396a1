"""Links a script: takes the calls of its probes out of objects, and writes one that has the probes instead."""

from __future__ import annotations

from collections.abc import Sequence

from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.dtrace.files import Files
from ring3.trace.dtrace.link import dof_writer, elf_writer, sites
from ring3.trace.dtrace.link.dof_writer import Instance
from ring3.trace.dtrace.nodes import ProviderDefinition


class Objects:
    """The objects of a command line, without their calls of probes once they were read."""

    def __init__(self, paths: Sequence[str], files: Files, bits: int | None) -> None:
        """Read objects, and write them back without calls of probes.

        Args:
            paths: Where they are.
            files: Reads and writes them.
            bits: 64 or 32; None for what the objects are.

        Raises:
            DtraceError: One cannot be read, is no object, or not of that width.
        """
        self.sites: list[sites.Site] = []
        self.has_notes = False
        self.bits = bits
        for path in paths:
            try:
                raw = files.read(path)
            except OSError as error:
                raise DtraceError(f"failed to open {path}: {error.strerror}") from None
            found = sites.take_out(path, raw, self.bits)
            self.bits = found.bits
            self.sites += found.sites
            self.has_notes = self.has_notes or found.has_notes
            if found.data != raw:
                with files.create(path) as file:
                    file.write(found.data)

    def link(self, providers: Sequence[ProviderDefinition], *, as_object: bool = True) -> bytes:
        """What a program is linked with, or the DOF alone.

        Raises:
            DtraceError: Objects call what no provider has, or nothing of a provider's.
        """
        declared = {provider.name: {probe.shown_name for probe in provider.probes} for provider in providers}
        for site in self.sites:
            if site.provider not in declared:
                raise DtraceError(f"no such provider {site.provider}")
            if site.probe not in declared[site.provider]:
                raise DtraceError(f"no such probe {site.probe}")
        used = {site.provider for site in self.sites}
        if not self.has_notes and any(provider.name not in used for provider in providers):
            raise DtraceError("No probe sites found for declared provider")
        bits = self.bits or 64
        data, references = dof_writer.write(
            [provider for provider in providers if provider.name in used], self._instances(), bits
        )
        return elf_writer.write(data, references, bits) if as_object else data

    def _instances(self) -> dof_writer.Instances:
        """The sites by probe, and of each probe by function."""
        found: dict[tuple[str, str], dict[str, Instance]] = {}
        for site in self.sites:
            of_probe = found.setdefault((site.provider, site.probe), {})
            instance = of_probe.setdefault(site.symbol, Instance(site.function, site.symbol, [], []))
            of_probe[site.symbol] = (
                instance._replace(questions=[*instance.questions, site.offset])
                if site.asks
                else instance._replace(offsets=[*instance.offsets, site.offset])
            )
        return {probe: list(of_probe.values()) for probe, of_probe in found.items()}
