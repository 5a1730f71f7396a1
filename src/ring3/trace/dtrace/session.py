"""A session: programs that were compiled are enabled, probes fire, clauses run, the consumer prints, and it ends.

The order of events is that of dtrace(1M): BEGIN, what fires, exit() or a signal, END, an empty line, the aggregations.
Records are consumed at once by the `switch` policy, so nothing is lost and they come out in the order of time; under
`fill` and `ring` they wait for the end.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import IO

from ring3.trace.dtrace import constants
from ring3.trace.dtrace.aggregations import Aggregation
from ring3.trace.dtrace.buffers import Buffers
from ring3.trace.dtrace.chill import Chill
from ring3.trace.dtrace.compiler import Compiler, Program
from ring3.trace.dtrace.consumer import Consumer
from ring3.trace.dtrace.enabling import Enabled, Enabling, Retained
from ring3.trace.dtrace.errors import DtraceError, Fault, FaultKind
from ring3.trace.dtrace.firing import Delivery, Firing
from ring3.trace.dtrace.generate_clauses import ClauseWriter, CompiledClause
from ring3.trace.dtrace.generate_expressions import ExpressionWriter
from ring3.trace.dtrace.memory import Memory
from ring3.trace.dtrace.namespace import Namespace
from ring3.trace.dtrace.nodes import Clause
from ring3.trace.dtrace.options import Options
from ring3.trace.dtrace.providers.base import (
    ARGUMENTS,
    Clock,
    Context,
    Description,
    Fire,
    Probe,
    Provider,
    Target,
)
from ring3.trace.dtrace.providers.dtrace import DtraceProvider
from ring3.trace.dtrace.speculations import Speculations
from ring3.trace.dtrace.subroutines import Subroutines
from ring3.trace.dtrace.symbols import Symbol
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Dynamic, String, resolve


class Session:
    """Everything between the command line and the providers."""

    def __init__(
        self,
        options: Options,
        target: Target,
        clock: Clock,
        providers: Sequence[Provider],
        stream: IO[bytes],
        complain: Callable[[str], None],
        *,
        columns: bool = True,
        as_json: bool = False,
        bits: int = 64,
        constant: Callable[[str], int | None] | None = None,
    ) -> None:
        """Make a session in which nothing is enabled yet.

        Args:
            options: What -x set.
            target: The system that is traced.
            clock: Its time.
            providers: Sources of probes beside `dtrace`.
            stream: Where records are printed.
            complain: Is told faults and drops, one line each, without `dtrace: `.
            columns: Whether what differs from run to run is shown: the CPU and the probe's number before a line,
                the place of a fault in the code.
            as_json: Whether records are objects of JSON.
            bits: The data model, 64 or 32.
            constant: Gives constants of the system by name.
        """
        self.options = options
        self.target = target
        self.clock = clock
        self.chill = Chill(clock, target)
        self.dtrace = DtraceProvider()
        self.providers: list[Provider] = [self.dtrace, *providers]
        self.types = TypeSpace(target, bits=bits)
        self.types.string.size = options.number("strsize")
        self.compiler = Compiler(options, self.types, self.find)
        self.compiler.checker.constants = constant or constants.finder()
        self.compiler.checker.kernel_symbol = target.kernel_symbol
        self.compiler.stock_translators = target.translators
        self.compiler.checker.knows_module = lambda module: bool(self.find(Description(module=module)))
        kind = _json_consumer() if as_json else Consumer
        self.consumer = kind(options, target, stream, columns=columns)
        self.complain = self.consumer.complain = complain
        self._tells_places = columns
        self.speculations = Speculations(1, 0)
        self.status: int | None = None
        self.leave: Callable[[], None] = lambda: None
        """Called after a firing when the session is over."""
        self.draining = False
        self.aggregations: list[Aggregation] = []
        """In order of definition."""
        self._by_symbol: dict[Symbol, Aggregation] = {}
        self._ids: list[Probe] = []
        self._owners: dict[Probe, Provider] = {}
        self._enabling = Enabling(self._begin, self._found)
        self._buffers: Buffers | None = None
        self._namespace: Namespace | None = None
        self._errors_in_error = 0
        self._codes: list[tuple[str, str, CodeType, Clause]] = []
        self.find(Description("dtrace"))

    def find(self, description: Description) -> list[Probe]:
        """The probes a description matches, in order of their providers; each has its number then."""
        if description.number is not None:
            return self._numbered(description.number)
        found: list[Probe] = []
        for provider in self.providers:
            found += self._found(provider, description)
        return found

    def _found(self, provider: Provider, description: Description) -> list[Probe]:
        """Those of one provider."""
        found = list(provider.find(description))
        self._owners.update(dict.fromkeys(found, provider))
        for probe in found:
            if not probe.id:
                self._ids.append(probe)
                probe.id = len(self._ids)
        return found

    def _numbered(self, number: int) -> list[Probe]:
        """The probe that has a number in the list of all there are."""
        if number > len(self._ids):
            self.find(Description())
        return self._ids[number - 1 : number] if number else []

    def look_at(self, target: Target, clock: Clock) -> None:
        """Have probes fire in a system, by its time, from before `write` on."""
        self.target = self.consumer.target = target
        self.clock = clock
        self.chill = Chill(clock, target)

    def request_exit(self, status: int) -> None:
        """exit() was called: nothing but END and ERROR fires any more."""
        self.status = status
        self.draining = True

    @property
    def finished(self) -> bool:
        """Whether it is time for END."""
        return self.draining or (self._buffers is not None and self._buffers.full)

    def enable(self) -> None:
        """Enable the probes of the clauses that were written.

        Raises:
            DtraceError: for destructive actions without -w, or a record that no buffer can hold.
        """
        for each in self._enabling.retained:
            if each.probes:
                self._check(each.clause)
        self._enabling.enable(self.providers)

    def _begin(self, probe: Probe, clauses: list[Enabled]) -> Callable[[], None]:
        return self._owners[probe].enable(probe, self._fire(probe, clauses))

    def write(self, programs: Iterable[Program]) -> None:
        """Write the code of the clauses of programs."""
        options = self.options
        self.speculations = Speculations(options.number("nspec"), options.number("specsize"))
        self._buffers = Buffers(options, self.consumer.consume)
        dialect = options.dialect
        string_size = options.number("strsize")
        memory = Memory(self.target.read, options.number("scratchsize"), strict=dialect.strict_scratch)
        subroutines = Subroutines(
            self.target,
            memory,
            string_size,
            self.speculations.create,
            strict=dialect.strict_scratch,
            counts_nul=dialect.counts_nul,
        )
        limit = options.number("dynvarsize") if options.was_set("dynvarsize") else None
        self._namespace = namespace = Namespace(
            self.target, memory, subroutines, string_size, limit, room=dialect.string_room
        )
        writer = ClauseWriter(
            namespace,
            ExpressionWriter(
                namespace,
                self.compiler.checker.promote,
                stores_width=dialect.stores_width,
                null_faults=dialect.null_faults,
                null_is_place=dialect.null_is_place,
                checks_bounds=dialect.checks_bounds,
            ),
            self._aggregation,
            traces_signs=dialect.traces_signs,
            shows_destruction=dialect.shows_destruction,
        )
        clauses = itertools.count()
        for program in programs:
            for matched in program.clauses:
                name = f"clause_{next(clauses)}"
                compiled = writer.compile(matched.clause, name)
                described = ", ".join(map(str, matched.descriptions))
                self._codes.append((name, described, compiled.code, matched.clause))
                self._enabling.retained.append(Retained(compiled, matched.descriptions, list(matched.probes)))

    def _check(self, clause: CompiledClause) -> None:
        if clause.destructive and not self.options.is_set("destructive"):
            raise DtraceError("could not enable tracing: Destructive actions not allowed")
        if self.options.word("bufresize") == "manual" and self.options.number("bufsize") > _memory():
            raise DtraceError("could not enable tracing: Not enough space")
        if clause.size + self.options.dialect.record_overhead > self.options.number("bufsize"):
            raise DtraceError("could not enable tracing: Enabling exceeds size of buffer")

    def _aggregation(self, symbol: Symbol) -> Aggregation:
        """The aggregation of a symbol; it is made in the order of definition."""
        if not self._by_symbol:
            for each in self.compiler.symbols.scopes["@"].values():
                self._by_symbol[each] = self._new_aggregation(each)
                self.aggregations.append(self._by_symbol[each])
        return self._by_symbol[symbol]

    def _new_aggregation(self, symbol: Symbol) -> Aggregation:
        sizes = []
        for kind in symbol.keys or []:
            resolved = resolve(kind)
            size = self.options.number("strsize") if isinstance(resolved, String) else resolved.size
            sizes.append(160 if isinstance(resolved, Dynamic) else size)
        symmetric = self.options.dialect.symmetric_llquantize
        new = Aggregation(symbol.name, symbol.function, symbol.constants, sizes, symmetric=symmetric)
        if self.options.was_set("aggsize"):
            new.limit_keys(self.options.number("aggsize") // (sum(sizes) + 64 or 1))
        return new

    def _fire(self, probe: Probe, enabled: list[Enabled]) -> Fire:  # noqa: C901 - the hot path, in one piece
        """What runs the clauses of a probe."""
        namespace, buffers = self._namespace, self._buffers
        assert namespace is not None
        assert buffers is not None
        firing = Firing(self, probe)
        after_exit = probe.provider == "dtrace" and probe is not self.dtrace.begin
        memory, subroutines, variables, names = (
            namespace.memory,
            namespace.subroutines,
            namespace.globals,
            namespace.locals,
        )
        unset = {name: variables[name] for name in names}
        in_error = probe is self.dtrace.error
        speculations = self.speculations

        def fire(context: Context) -> None:  # noqa: C901
            firing.begin(context)
            if unset:
                variables.update(unset)
            follows = False
            for clause, epid in enabled:
                if self.draining and not after_exit:
                    break
                if memory.used:
                    memory.begin_clause()
                    subroutines.begin_clause()
                firing.epid = epid
                firing.speculation = None
                try:
                    records = clause.function(firing)
                except Fault as fault:
                    self._fault(probe, clause, epid, fault, in_error=in_error)
                    continue
                except (RecursionError, MemoryError, OverflowError) as error:
                    beyond = Fault(FaultKind.ILLOP).with_traceback(error.__traceback__)
                    self._fault(probe, clause, epid, beyond, in_error=in_error)
                    continue
                if records is None:
                    continue
                speculation = _speculation(firing)
                delivery = Delivery(0, probe, records, follows, clause.size, epid)
                follows = True
                if speculation is None:
                    buffers.add(delivery)
                elif records:
                    speculations.record(speculation, delivery)
            if (self.draining or buffers.full) and not after_exit:
                self.leave()

        return fire

    def deliver(self, delivery: Delivery) -> None:
        """Give records to the consumer, as the buffer policy has it."""
        assert self._buffers is not None
        self._buffers.add(delivery)

    def _fault(
        self, probe: Probe, clause: CompiledClause, epid: int, fault: Fault, *, in_error: bool
    ) -> None:
        """A clause was aborted: say so, and fire ERROR."""
        if in_error:
            self._errors_in_error += 1
            return
        action, offset = _where(clause, fault)
        self.consumer.flush()
        self.complain(self._told(probe, clause, epid, fault, action, offset))
        where = (epid, action)
        if self.options.dialect.tells_clauses:
            where = (probe.id, int(clause.code.co_name.rpartition("_")[2]))
        arguments = (0, *where, offset, int(fault.kind), _signed(fault.value))
        self.dtrace.fire(self.dtrace.error, Context((*arguments, *(0,) * (ARGUMENTS - len(arguments)))))

    def _told(
        self, probe: Probe, clause: CompiledClause, epid: int, fault: Fault, action: int, offset: int
    ) -> str:
        """The message of a fault, as the dialect has it."""
        if self.options.dialect.tells_clauses:
            where = f"dt_{clause.code.co_name} for probe ID {probe.id} ({probe})"
            place = f"{offset}" if self._tells_places else "NNN"
            return f"error in {where}: {fault.text()} at BPF pc {place}"
        place = f"action #{action}" if action else "predicate"
        where = f"enabled probe ID {epid} (ID {probe.id}: {probe})"
        return f"error on {where}: {fault.text()} in {place} at DIF offset {offset}"

    def listing(self) -> str:
        """What -S shows: the code of the clauses, and their variables."""
        from ring3.trace.dtrace import code_listing  # noqa: PLC0415 - only -S needs it

        return code_listing.render(
            self._codes, self.compiler.symbols, with_places=self.options.dialect.tells_clauses
        )

    def begin(self) -> None:
        """Fire BEGIN."""
        self.dtrace.fire(self.dtrace.begin, Context())

    def end(self) -> None:
        """Disable the probes, fire END, print what is left: an empty line and the aggregations."""
        self.draining = True
        self.dtrace.fire(self.dtrace.end, Context())
        self._enabling.disable()
        if self._buffers:
            self._buffers.drain()
        self.consumer.write("\n")
        self.report_drops()
        self.consumer.remaining(self.aggregations)
        self.consumer.close()

    def report_drops(self) -> None:
        """Tell what was lost, if limits were set."""
        for tag, text in self._drops():
            self.complain(f"[DTRACEDROP_{tag}] {text}" if self.options.is_set("droptags") else text)

    def _drops(self) -> Iterable[tuple[str, str]]:
        if self._buffers and self._buffers.drops:
            yield "PRINCIPAL", f"{_count(self._buffers.drops, 'drop')} on CPU 0"
        aggregation = sum(each.drops for each in self.aggregations)
        if aggregation:
            yield "AGGREGATION", f"{_count(aggregation, 'aggregation drop')} on CPU 0"
        if self._namespace and self._namespace.dynamic_drops:
            yield "DYNAMIC", _count(self._namespace.dynamic_drops, "dynamic variable drop")
        if self.speculations.drops:
            yield "SPEC", f"{_count(self.speculations.drops, 'speculative drop')} on CPU 0"
        if self.speculations.unavailable:
            failed = _count(self.speculations.unavailable, "failed speculation")
            yield "SPECUNAVAIL", f"{failed} (no speculative buffer available)"
        if self._errors_in_error:
            yield "DBLERROR", f"{_count(self._errors_in_error, 'error')} in ERROR probe enabling"


def _json_consumer() -> type[Consumer]:
    from ring3.trace.dtrace.json_consumer import JsonConsumer  # noqa: PLC0415 - costs the start of others

    return JsonConsumer


def _memory() -> int:
    """The bytes of memory this host has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _speculation(firing: Firing) -> int | None:
    """The speculation the clause that just ran records for."""
    return firing.speculation


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _where(clause: CompiledClause, fault: Fault) -> tuple[int, int]:
    """The statement and the offset in the clause's code where a fault came from."""
    traceback = fault.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code is clause.code:
            line = traceback.tb_lineno
            return (clause.lines[line] if line < len(clause.lines) else 0), traceback.tb_lasti
        traceback = traceback.tb_next
    return 0, 0
