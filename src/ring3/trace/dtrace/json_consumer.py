"""Records as objects of JSON, one a line (`--json`): for programs that read what a script records.

A firing of a clause is ``{"probe", "id", "cpu", "output", "values"}``: its text, and its values where they are integers
or text. An aggregation's row at the end, or where printa() has no format, is ``{"aggregation", "key", "value"}``; the
value of a distribution is an object of counts by bucket.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ring3.trace.dtrace.consumer import Consumer
from ring3.trace.dtrace.distribution_text import shown_rows
from ring3.trace.dtrace.firing import SymbolName
from ring3.trace.dtrace.printf import decode
from ring3.trace.dtrace.providers.base import Stack

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation
    from ring3.trace.dtrace.firing import Delivery
    from ring3.trace.dtrace.formats import Conversion


class JsonConsumer(Consumer):
    """Where records end as lines of JSON."""

    def write(self, text: str) -> None:
        """Keep text for the object of the clause that records it."""
        self._text += text

    _text = ""

    @property
    def quiet(self) -> bool:
        """Columns are not text: they are members of the objects."""
        return True

    def consume(self, delivery: Delivery) -> None:
        """Write what one clause recorded."""
        self._text = ""
        values: list[Any] = []
        for handler, recorded in delivery.records:
            self._record(delivery, handler, recorded)
            values += [self._value_of(value) for value in recorded]
        probe = delivery.probe
        text, self._text = self._text, ""
        self._object(
            {"probe": str(probe), "id": probe.id, "cpu": delivery.cpu, "output": text, "values": values}
        )

    def aggregates(self, aggregations: list[Aggregation], conversions: list[Conversion] | None) -> None:
        """Write the rows of aggregations; a format makes them text of the clause."""
        if conversions is not None:
            super().aggregates(aggregations, conversions)
            return
        for aggregation in aggregations:
            for key, values in self._rows([aggregation]):
                value: Any = values[0]
                if aggregation.quantizing:
                    value = {label: count for label, count in shown_rows(aggregation, value) if count}
                else:
                    value = aggregation.scalar(value)
                name = f"@{aggregation.name}"
                self._object(
                    {"aggregation": name, "key": [self._value_of(part) for part in key], "value": value}
                )

    def _value_of(self, value: Any) -> Any:  # noqa: ANN401 - whatever is recorded
        if isinstance(value, bytes):
            return decode(value.partition(b"\0")[0])
        if isinstance(value, Stack):
            return self.stack(value).split()
        if isinstance(value, SymbolName):
            return value.text
        return int(value) if isinstance(value, int) else str(value)

    def _object(self, members: dict[str, Any]) -> None:
        self._stream.write(json.dumps(members).encode() + b"\n")
