"""The consumer: prints what clauses recorded, in dtrace(1M)'s columns, and does what actions ask of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from ring3.trace.dtrace import distribution_text, packed_text, plain_text, printf
from ring3.trace.dtrace.aggregations import SizedKey
from ring3.trace.dtrace.errors import ConsumerFault, DtraceError
from ring3.trace.dtrace.firing import SymbolName
from ring3.trace.dtrace.providers.base import Stack
from ring3.trace.dtrace.records import INT64
from ring3.trace.dtrace.types import Integer, Type

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation, Key
    from ring3.trace.dtrace.firing import Delivery
    from ring3.trace.dtrace.formats import Conversion
    from ring3.trace.dtrace.options import Options
    from ring3.trace.dtrace.providers.base import Probe, Target
    from ring3.trace.dtrace.records import Handler

_HEADER = "CPU     ID                    FUNCTION:NAME\n"
_FLOW_HEADER = f"{'CPU':>3} {'FUNCTION':<41}\n"


class Consumer:
    """Where records end: text on a stream."""

    def __init__(self, options: Options, target: Target, stream: IO[bytes], *, columns: bool = True) -> None:
        """Print to `stream`.

        Args:
            options: The session's options; some change while it runs.
            target: The traced system, for names of addresses.
            stream: Where text goes.
            columns: Whether lines begin with the CPU and the probe's number.
        """
        self.options = options
        self.target = target
        self._stream = self._first_stream = stream
        self._columns = columns
        self._header_done = False
        self._flow_indent = 0
        self._last_flow_probe = 0
        self.complain: Callable[[str], None] = _no_complaint
        """Tells of an action that has failed."""
        self.create_file: Callable[[str], IO[bytes]] = _no_file
        """Makes the file that freopen() names."""
        self.run_command: Callable[[str], None] = _no_command
        """Runs what system() names."""

    @property
    def quiet(self) -> bool:
        """Whether only what scripts print is shown."""
        return self.options.is_set("quiet")

    def write(self, text: str) -> None:
        """Write text."""
        self._stream.write(text.encode("utf-8", "surrogateescape"))

    def flush(self) -> None:
        """Let everything written so far be seen."""
        self._stream.flush()

    def consume(self, delivery: Delivery) -> None:
        """Print what one clause recorded."""
        self._prefix(delivery)
        for handler, values in delivery.records:
            self._record(delivery, handler, values)
        if not self.quiet:
            self.write("\n")

    def _record(self, delivery: Delivery, handler: Handler, values: tuple[Any, ...]) -> None:
        """Do what one action has recorded; if that fails, it is told, and the session goes on."""
        try:
            handler.consume(self, values)
        except ConsumerFault as fault:
            self.flush()
            where = f"enabled probe ID {delivery.epid} (ID {delivery.probe.id}: {delivery.probe})"
            self.complain(f"error on {where}: {fault}")

    def _prefix(self, delivery: Delivery) -> None:
        """The columns before the records."""
        if self.quiet:
            return
        flow = self.options.is_set("flowindent")
        if not self._header_done:
            self._header_done = True
            self.write((_FLOW_HEADER if flow else _HEADER) if self._columns else f"{'FUNCTION:NAME':>32}\n")
        probe = delivery.probe
        cpu = f"{delivery.cpu:>3} " if self._columns else ""
        if flow:
            self.write(cpu + self._flow(delivery))
            return
        number = f"{probe.id:>6} " if self._columns else ""
        self.write(f"{cpu}{number}{f'{probe.function}:{probe.name}':>32} ")

    def _flow(self, delivery: Delivery) -> str:
        """The function, indented by how deep calls are."""
        probe = delivery.probe
        prefix, change = _flow_kind(probe)
        if delivery.follows and self._last_flow_probe == probe.id and change > 0:
            change = 0
        if change < 0:
            self._flow_indent = max(self._flow_indent - 2, 0)
        shown = probe.function if prefix != "| " else f"{probe.function}:{probe.name}"
        text = f"{'':{self._flow_indent}}{prefix}{shown}"
        if change > 0:
            self._flow_indent += 2
        self._last_flow_probe = probe.id
        return f"{text:<41} "

    def format(self, conversions: list[Conversion], types: list[Type], values: tuple[Any, ...]) -> str:
        """The text of a format with its arguments."""
        out = []
        position = 0
        for conversion in conversions:
            out.append(conversion.text)
            if not conversion.name:
                continue
            width, precision = conversion.width, conversion.precision
            if conversion.dynamic_width:
                width, position = _bounded(values[position]), position + 1
            if conversion.dynamic_precision:
                precision, position = max(_bounded(values[position]), 0), position + 1
            out.append(self._one(conversion, values[position], types[position], width, precision))
            position += 1
        return "".join(out)

    def _one(
        self,
        conversion: Conversion,
        value: Any,  # noqa: ANN401 - whatever is printed
        kind: Type,
        width: int | None,
        precision: int | None,
    ) -> str:
        if isinstance(value, Stack):
            return self.stack(value)
        if isinstance(value, SymbolName):
            return printf.pad(value.text, conversion.flags, width)
        return printf.convert(conversion, value, kind, width, precision, self.name)

    def name(self, address: int, user: bool) -> str:
        """An address as `%a` and `%A` show it."""
        process = 0
        if user:
            process = -1
        return plain_text.frame(self.target.name_of(address, process), address)

    def stack(self, value: Stack) -> str:
        """A stack, one frame a line."""
        indent = self.options.number("stackindent")
        return plain_text.stack(value, indent, self.frame)

    def frame(self, address: int, process: int) -> str:
        """One frame of a stack, of the kernel (0) or of a process."""
        return plain_text.frame(self.target.name_of(address, process), address)

    def aggregates(self, aggregations: list[Aggregation], conversions: list[Conversion] | None) -> None:
        """Print aggregations, joined on their keys: row by row in order, or by a format."""
        rows = self._rows(aggregations)
        if conversions is None and self.options.is_set("agghist") and _has_histogram(aggregations, rows):
            lines = [
                (self._key(key[0], aggregations[0].key_sizes[0]).strip(), values[0]) for key, values in rows
            ]
            self.write(distribution_text.histogram(lines, aggregations[0].normal, self._style))
            return
        if conversions is None and self._is_packed(aggregations, rows):
            sizes = aggregations[0].key_sizes
            self.write(
                packed_text.table(
                    aggregations[0], rows, lambda key: self._packed_key(key, sizes), self._style
                )
            )
            return
        for key, values in rows:
            if conversions is None:
                self._row(aggregations, key, values)
            else:
                self.write(self._formatted_row(aggregations, conversions, key, values))

    def _is_packed(self, aggregations: list[Aggregation], rows: list[tuple[Key, list[Any]]]) -> bool:
        single = len(aggregations) == 1 and aggregations[0].quantizing
        return single and bool(rows) and self.options.is_set("aggpack")

    def _packed_key(self, key: Key, sizes: list[int]) -> str:
        """The columns of a key in a table of packed distributions: text is moved to the right of its own."""
        out = []
        for part, size in zip(key, sizes, strict=True):
            is_text = isinstance(part, bytes) and plain_text.is_text(part)
            out.append(f" {printf.decode(part):>16}" if is_text else self._key(part, size))
        return "".join(out)

    @property
    def _style(self) -> distribution_text.Style:
        return distribution_text.Style(
            self.options.is_set("aggzoom"), self.options.word("encoding") == "utf8"
        )

    def _rows(self, aggregations: list[Aggregation]) -> list[tuple[Key, list[Any]]]:
        keys = dict.fromkeys(key for aggregation in aggregations for key in aggregation.data)
        rows = [
            (key, [each.data[key] if key in each.data else _nothing(each) for each in aggregations])
            for key in keys
        ]
        return self._sorted(aggregations, rows)

    def _sorted(
        self, aggregations: list[Aggregation], rows: list[tuple[Key, list[Any]]]
    ) -> list[tuple[Key, list[Any]]]:
        position = min(self.options.number("aggsortpos"), len(aggregations) - 1)
        key_position = self.options.number("aggsortkeypos")
        order = [position, *(index for index in range(len(aggregations)) if index != position)]

        def by_key(row: tuple[Key, list[Any]]) -> tuple[Any, ...]:
            parts = [part & 0xFFFF_FFFF_FFFF_FFFF if isinstance(part, int) else part for part in row[0]]
            if key_position < len(parts):
                parts = [parts[key_position], *parts[:key_position], *parts[key_position + 1 :]]
            return tuple(parts)

        def by_value(row: tuple[Key, list[Any]]) -> tuple[Any, ...]:
            return tuple(aggregations[index].order(row[1][index]) for index in order)

        reverse = self.options.is_set("aggsortrev")
        if self.options.is_set("aggsortkey"):
            return sorted(rows, key=lambda row: (by_key(row), by_value(row)), reverse=reverse)
        return sorted(rows, key=lambda row: (by_value(row), by_key(row)), reverse=reverse)

    def _row(self, aggregations: list[Aggregation], key: Key, values: list[Any]) -> None:
        for part, size in zip(key, aggregations[0].key_sizes, strict=True):
            self.write(self._key(part, size))
        for aggregation, value in zip(aggregations, values, strict=True):
            text = self._unformatted(aggregation, value)
            self.write(text)
            if self.options.is_set("aggpercpu"):
                self.write(f"\n    [CPU 0]{text}")
        self.write("\n")

    def _unformatted(self, aggregation: Aggregation, value: Any) -> str:  # noqa: ANN401 - a value of the table
        if aggregation.quantizing:
            return distribution_text.distribution(aggregation, value, aggregation.normal, self._style)
        return f" {aggregation.scalar(value):>16}"

    def _key(self, part: Any, size: int) -> str:  # noqa: ANN401 - a key
        if isinstance(part, int):
            return plain_text.integer(part, part.size if isinstance(part, SizedKey) else size)
        if isinstance(part, Stack):
            return self.stack(part)
        if isinstance(part, SymbolName):
            return f"  {part.text:<50}"
        return plain_text.bytes_or_text(part, 50, quiet=False, raw=self.options.is_set("rawbytes"))

    def _formatted_row(
        self, aggregations: list[Aggregation], conversions: list[Conversion], key: Key, values: list[Any]
    ) -> str:
        out = []
        parts = list(zip(key, aggregations[0].key_sizes, strict=True))
        number = 0
        for conversion in conversions:
            out.append(conversion.text)
            if not conversion.name:
                continue
            width, precision = conversion.width, conversion.precision
            if conversion.dynamic_width:
                width = _bounded(parts.pop(0)[0])
            if conversion.dynamic_precision:
                precision = max(_bounded(parts.pop(0)[0]), 0)
            if conversion.of_aggregation:
                out.append(self._value(aggregations[number], conversion, values[number], width, precision))
                number = min(number + 1, len(aggregations) - 1)
            else:
                part, size = parts.pop(0)
                out.append(self._one(conversion, part, _SIZED.get(size, INT64), width, precision))
        return "".join(out)

    def _value(
        self,
        aggregation: Aggregation,
        conversion: Conversion,
        value: Any,  # noqa: ANN401 - a value of the table
        width: int | None,
        precision: int | None,
    ) -> str:
        if aggregation.quantizing:
            return self._unformatted(aggregation, value)
        return printf.convert(conversion, aggregation.scalar(value), INT64, width, precision, self.name)

    def remaining(self, aggregations: list[Aggregation]) -> None:
        """At the end: what no printa() printed."""
        reverse = self.options.is_set("aggsortrev")
        for aggregation in reversed(aggregations) if reverse else aggregations:
            if not aggregation.printed and aggregation.data:
                self.aggregates([aggregation], None)

    def system(self, command: str) -> None:
        """Run a command, after what was written before it."""
        self.flush()
        self.run_command(command)

    def reopen(self, path: str) -> None:
        """Send further output to a file; to where it first went for an empty name."""
        self.flush()
        try:
            new = self.create_file(path) if path else self._first_stream
        except OSError as error:
            raise ConsumerFault(f'couldn\'t freopen() "{path}": {error.strerror}') from None
        if self._stream is not self._first_stream:
            self._stream.close()
        self._stream = new

    def truncate(self) -> None:
        """Empty the output, if it is a file."""
        self.flush()
        if self._stream.seekable():
            self._stream.seek(0)
            self._stream.truncate()

    def close(self) -> None:
        """Write what is left."""
        self.flush()
        if self._stream is not self._first_stream:
            self._stream.close()


_SIZED = {size: Integer("", size, 3, signed=True) for size in (1, 2, 4, 8)}


_WIDEST = 1 << 16
"""Columns of a field, at most: a script may compute any width."""


def _bounded(width: int) -> int:
    """A width or precision that a script has computed."""
    return max(min(width, _WIDEST), -_WIDEST)


def _has_histogram(aggregations: list[Aggregation], rows: list[tuple[Key, list[Any]]]) -> bool:
    """Whether rows can be bars: one aggregation of plain numbers with one key."""
    return bool(rows) and len(aggregations) == 1 and len(rows[0][0]) == 1 and isinstance(rows[0][1][0], int)


def _nothing(aggregation: Aggregation) -> Any:  # noqa: ANN401 - a value of the table
    """The value of a key that an aggregation does not have."""
    return 0 if aggregation.function in ("min", "max") else aggregation.zero()


def _flow_kind(probe: Probe) -> tuple[str, int]:
    """The arrow of a probe, and whether it is an entry (1) or a return (-1)."""
    name = probe.name
    is_call = probe.provider == "syscall"
    if name == "entry" or name.endswith("-entry"):
        return (" => " if is_call else " -> "), 1
    if name == "return" or name.endswith("-return"):
        return (" <= " if is_call else " <- "), -1
    return "| ", 0


def _no_file(path: str) -> IO[bytes]:
    raise DtraceError(f"could not freopen {path}: no files")


def _no_complaint(message: str) -> None:
    raise DtraceError(message)


def _no_command(command: str) -> None:
    raise DtraceError(f"could not run {command}: no shell")
