"""Aggregations: what the aggregating functions keep by key, and how values and keys are ordered.

A table's value is an integer (count, sum, min, max), a list (avg: count and sum; stddev: count, sum, sum of squares),
or for the quantizing functions a dictionary from bucket to count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import isqrt
from typing import Any

Key = tuple[Any, ...]
_INT64_MAX = (1 << 63) - 1
_INT64_MIN = -(1 << 63)


class SizedKey(int):
    """An integer key of another size than that key had at the aggregation's first use; it is printed in its own."""

    size: int


def sized(value: int, size: int) -> SizedKey:
    """A key that remembers its size in bytes."""
    key = SizedKey(value)
    key.size = size
    return key


class Aggregation:
    """One aggregation: its name, function, parameters, and table."""

    def __init__(
        self,
        name: str,
        function: str,
        constants: tuple[int, ...],
        key_sizes: list[int],
        *,
        symmetric: bool = False,
    ) -> None:
        """Make an empty one.

        Args:
            name: Without the `@`.
            function: The aggregating function.
            constants: Its constant parameters.
            key_sizes: The size of each key in bytes, which says how integers are printed.
            symmetric: Whether llquantize() has buckets below zero too.
        """
        self.name = name
        self.function = function
        self.constants = constants
        self.symmetric = symmetric
        self.key_sizes = key_sizes
        self.data: dict[Key, Any] = {}
        self.normal = 1
        self.printed = False
        self.update: Callable[..., None] = _UPDATES[function](self)
        """Adds a value: `update(key, value)`, for quantizing functions also `update(key, value, increment)`."""
        self.drops = 0
        self.limit: int | None = None

    @property
    def quantizing(self) -> bool:
        """Whether the values are distributions."""
        return self.function in ("quantize", "lquantize", "llquantize")

    def limit_keys(self, count: int) -> None:
        """Take no more than `count` keys; updates for others are dropped and counted (-xaggsize)."""
        self.limit = count
        unlimited = self.update

        def update(key: Key, *values: int) -> None:
            if key not in self.data and len(self.data) >= count:
                self.drops += 1
                return
            unlimited(key, *values)

        self.update = update

    def clear(self) -> None:
        """Zero all values, keep the keys."""
        for key in self.data:
            self.data[key] = self.zero()

    def zero(self) -> Any:  # noqa: ANN401 - a value of the table
        """The value of a key that saw nothing since it was cleared."""
        if self.quantizing:
            return {}
        return {"avg": [0, 0], "stddev": [0, 0, 0], "min": _INT64_MAX, "max": _INT64_MIN}.get(
            self.function, 0
        )

    def truncate(self, count: int) -> None:
        """Keep the `count` highest values; of a negative count the lowest; none for 0."""
        ordered = sorted(self.data, key=lambda key: self.order(self.data[key]))
        keep = ordered[-count:] if count > 0 else ordered[:-count] if count < 0 else []
        self.data = {key: self.data[key] for key in keep}
        self.update = _UPDATES[self.function](self)
        if self.limit is not None:
            self.limit_keys(self.limit)

    def scalar(self, value: Any, normal: int | None = None) -> int:  # noqa: ANN401 - a value of the table
        """A value as the number that is printed."""
        normal = self.normal if normal is None else normal
        if self.function == "avg":
            count, total = value
            return truncating(truncating(total, normal), count) if count else 0
        if self.function == "stddev":
            return deviation(value, normal)
        return truncating(value, normal)

    def order(self, value: Any) -> tuple[int, ...]:  # noqa: ANN401 - a value of the table
        """What values are sorted by."""
        if self.function == "avg":
            count, total = value
            return (truncating(total, count) if count else 0,)
        if self.function == "stddev":
            return (deviation(value, 1),)
        if not self.quantizing:
            return (value,)
        total = sum(self.bucket_value(bucket) * wrapped(count) for bucket, count in value.items())
        return total, value.get(0, 0)

    def _repr_html_(self) -> str:
        """A table for notebooks, the highest value first; distributions with bars."""
        from ring3.trace.dtrace.aggregation_html import render  # noqa: PLC0415 - for notebooks

        return render(self)

    def bucket_value(self, bucket: int) -> int:
        """What a bucket stands for when distributions are compared: its label."""
        if self.function == "lquantize":
            base, limit, step = self.constants
            levels = (limit - base) // step
            return base - 1 if bucket < 0 else limit + 1 if bucket >= levels else base + bucket * step
        return bucket


def wrapped(value: int) -> int:
    """A count as a signed 64-bit integer has it."""
    return value if _INT64_MIN <= value <= _INT64_MAX else (value - _INT64_MIN) % (1 << 64) + _INT64_MIN


def truncating(value: int, divisor: int) -> int:
    """A quotient rounded toward zero."""
    quotient = abs(value) // abs(divisor)
    return quotient if (value < 0) == (divisor < 0) else -quotient


def deviation(value: list[int], normal: int) -> int:
    """The standard deviation of count, sum and sum of squares."""
    count, total, squares = value
    if not count:
        return 0
    mean = truncating(truncating(total, normal), count)
    mean_of_squares = squares // (normal * normal) // count
    return isqrt(max(mean_of_squares - mean * mean, 0))


def _count(aggregation: Aggregation) -> Callable[..., None]:
    data = aggregation.data

    def update(key: Key) -> None:
        data[key] = data.get(key, 0) + 1

    return update


def _sum(aggregation: Aggregation) -> Callable[..., None]:
    data = aggregation.data

    def update(key: Key, value: int) -> None:
        data[key] = wrapped(data.get(key, 0) + value)

    return update


def _min(aggregation: Aggregation) -> Callable[..., None]:
    data = aggregation.data

    def update(key: Key, value: int) -> None:
        if value < data.get(key, _INT64_MAX + 1):
            data[key] = value

    return update


def _max(aggregation: Aggregation) -> Callable[..., None]:
    data = aggregation.data

    def update(key: Key, value: int) -> None:
        if value > data.get(key, _INT64_MIN - 1):
            data[key] = value

    return update


def _avg(aggregation: Aggregation) -> Callable[..., None]:
    data = aggregation.data

    def update(key: Key, value: int) -> None:
        entry = data.get(key)
        if entry is None:
            entry = data[key] = [0, 0]
        entry[0] += 1
        entry[1] += value

    return update


def _stddev(aggregation: Aggregation) -> Callable[..., None]:
    data = aggregation.data

    def update(key: Key, value: int) -> None:
        entry = data.get(key)
        if entry is None:
            entry = data[key] = [0, 0, 0]
        entry[0] += 1
        entry[1] += value
        entry[2] += value * value

    return update


def _bucketing(
    bucket_of: Callable[[Aggregation], Callable[[int], int]],
) -> Callable[[Aggregation], Callable[..., None]]:
    def make(aggregation: Aggregation) -> Callable[..., None]:
        data = aggregation.data
        find = bucket_of(aggregation)

        def update(key: Key, value: int, increment: int = 1) -> None:
            entry = data.get(key)
            if entry is None:
                entry = data[key] = {}
            bucket = find(value)
            entry[bucket] = entry.get(bucket, 0) + increment

        return update

    return make


def power_bucket(value: int) -> int:
    """The power of two whose bucket a value is in: the largest that is not above it, symmetric below zero."""
    if value == 0:
        return 0
    power = 1 << (abs(value).bit_length() - 1)
    return power if value > 0 else -power


def _linear(aggregation: Aggregation) -> Callable[[int], int]:
    """Buckets by number; -1 is below the base, the number of levels above the limit."""
    base, limit, step = aggregation.constants
    levels = (limit - base) // step

    def find(value: int) -> int:
        return -1 if value < base else min((value - base) // step, levels)

    return find


def log_linear_bounds(constants: tuple[int, ...]) -> list[int]:
    """The lower bounds of llquantize's buckets, the last being the upper bound of all."""
    factor, low, high, steps = constants
    bounds = []
    for magnitude in range(low, high + 1):
        first, following = factor**magnitude, factor ** (magnitude + 1)
        step = max(following // steps, 1)
        bounds += [first, *range(first - first % step + step, following, step)]
    return [*bounds, factor ** (high + 1)]


def _log_linear(aggregation: Aggregation) -> Callable[[int], int]:
    """Buckets by their bound that is nearer to zero; 0 for all that is below the lowest."""
    bounds = log_linear_bounds(aggregation.constants)

    def find(value: int) -> int:
        position = bisect_right(bounds, value)
        return bounds[position - 1] if position else 0

    return (lambda value: find(value) if value >= 0 else -find(-value)) if aggregation.symmetric else find


_UPDATES: dict[str, Callable[[Aggregation], Callable[..., None]]] = {
    "count": _count,
    "sum": _sum,
    "min": _min,
    "max": _max,
    "avg": _avg,
    "stddev": _stddev,
    "quantize": _bucketing(lambda _aggregation: power_bucket),
    "lquantize": _bucketing(_linear),
    "llquantize": _bucketing(_log_linear),
}
