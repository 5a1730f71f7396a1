"""What clauses record, and how each kind of record is consumed: the handlers of `Firing`'s lists.

A handler knows how many bytes of a buffer its record takes, and what to do with the values when the consumer comes to
it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Protocol

from ring3.trace.dtrace import plain_text, print_value, printf
from ring3.trace.dtrace.formats import Conversion
from ring3.trace.dtrace.types import Dynamic, Enum, Float, Integer, Pointer, String, Type, is_signed, resolve

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation
    from ring3.trace.dtrace.consumer import Consumer

INT64 = Integer("long long", 8, 5, signed=True)
INT32 = Integer("int", 4, 3, signed=True)

Values = tuple[Any, ...]


class Handler(Protocol):
    """One kind of record: its size in a buffer, and what becomes of it."""

    size: int

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print the record, or do what it asks for."""


class TraceInteger:
    """trace() of an integer or pointer."""

    def __init__(self, size: int, *, signed: bool | None = None) -> None:
        self.size = size
        self._signed = signed

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print it in its columns."""
        text = plain_text.integer(values[0], self.size, signed=self._signed)
        consumer.write(text.lstrip() if consumer.quiet else text)


class TraceFloat:
    """trace() of a floating-point number, which dtrace(1M) shows as the integer that has its bits."""

    def __init__(self, size: int) -> None:
        self.size = size

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print it in the columns of an integer of that size."""
        layout = "<f" if self.size == 4 else "<d"
        bits = int.from_bytes(struct.pack(layout, values[0]), "little")
        text = plain_text.integer(bits, self.size)
        consumer.write(text.lstrip() if consumer.quiet else text)


class TraceBytes:
    """trace() of a string, struct or array."""

    def __init__(self, size: int, *, string: bool) -> None:
        self.size = size
        self._string = string

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print text, or a dump."""
        data = values[0]
        if self._string:
            data = data[: self.size - 1].ljust(self.size, b"\0")
        raw = consumer.options.is_set("rawbytes")
        consumer.write(plain_text.bytes_or_text(data, 33, quiet=consumer.quiet, raw=raw))


class TraceStack:
    """stack() and ustack()."""

    size = 160

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print the frames."""
        consumer.write(consumer.stack(values[0]))


class TraceSymbol:
    """sym(), func(), mod() and their user counterparts."""

    size = 16

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print the name in its column."""
        consumer.write(f"  {values[0].text:<50}")


def traced(kind: Type, string_size: int, *, signs: bool = False) -> Handler:
    """The handler for trace() of a type; `signs`: integers are shown as their types have them."""
    resolved = resolve(kind)
    if isinstance(resolved, Dynamic):
        return TraceStack() if resolved.what == "stack" else TraceSymbol()
    if isinstance(resolved, Integer | Pointer | Enum):
        return TraceInteger(resolved.size, signed=is_signed(resolved) if signs else None)
    if isinstance(resolved, Float):
        return TraceFloat(resolved.size)
    is_string = isinstance(resolved, String)
    return TraceBytes(string_size + 1 if is_string else resolved.size, string=is_string)


class Tracemem:
    """tracemem()."""

    def __init__(self, size: int) -> None:
        self.size = size

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print a dump of as many bytes as were asked for."""
        data, shown = values
        if shown == 0 and consumer.options.dialect.dumps_nothing:
            return
        consumer.write(plain_text.dump(data[:shown] if 0 < shown < len(data) else data))


class Print:
    """print()."""

    def __init__(self, kind: Type, size: int) -> None:
        self._kind = kind
        self.size = size

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print the value with its type."""
        consumer.write(print_value.show(values[0], self._kind))


class _Formatted:
    """What has a format and arguments."""

    def __init__(self, conversions: list[Conversion], types: list[Type], size: int) -> None:
        self.conversions = conversions
        self.types = types
        self.size = size

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Do what becomes of the text."""
        raise NotImplementedError


class Printf(_Formatted):
    """printf(). A format of plain conversions only is turned into one of Python's, once."""

    def __init__(self, conversions: list[Conversion], types: list[Type], size: int) -> None:
        super().__init__(conversions, types, size)
        self._plain = printf.plain(conversions, types)

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print the format with its arguments."""
        if self._plain is None:
            consumer.write(consumer.format(self.conversions, self.types, values))
            return
        template, changes = self._plain
        consumer.write(
            template % tuple([change(value) for change, value in zip(changes, values, strict=True)])
        )


class System(_Formatted):
    """system()."""

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Run the command."""
        consumer.system(consumer.format(self.conversions, self.types, values))


class Freopen(_Formatted):
    """freopen()."""

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Send further output to a file."""
        consumer.reopen(consumer.format(self.conversions, self.types, values))


class Ftruncate:
    """ftruncate()."""

    size = 0

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Empty the output file."""
        del values
        consumer.truncate()


class Setopt:
    """setopt()."""

    size = 16

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Change an option from here on."""
        texts = [value.decode("utf-8", "surrogateescape") for value in values]
        consumer.options.set_dynamic(texts[0], texts[1] if len(texts) > 1 else None)


class Exit:
    """exit(): the status was told to the session already."""

    size = 4

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Leaves nothing in the output."""


class Printa:
    """printa()."""

    size = 8

    def __init__(self, conversions: list[Conversion] | None, aggregations: list[Aggregation]) -> None:
        self._conversions = conversions
        self._aggregations = aggregations

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Print the aggregations as they are now."""
        del values
        for aggregation in self._aggregations:
            aggregation.printed = True
        if self._conversions is None:
            consumer.write("\n")
        consumer.aggregates(self._aggregations, self._conversions)


class AggregationChange:
    """clear(), trunc(), normalize(), denormalize()."""

    size = 16

    def __init__(self, action: str, aggregation: Aggregation) -> None:
        self._action = action
        self._aggregation = aggregation

    def consume(self, consumer: Consumer, values: Values) -> None:
        """Change the aggregation."""
        del consumer
        if self._action == "clear":
            self._aggregation.clear()
        elif self._action == "trunc":
            self._aggregation.truncate(values[0] if values else 0)
        else:
            self._aggregation.normal = (values[0] or 1) if values else 1
