"""The runs of a sweep as a Parquet file: a row a run, in the plan's order, the same whoever made the runs and when."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ring3.errors import UserError
from ring3.fleet.outcome import Written
from ring3.fleet.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable

NEEDED: Final = "pip install 'ring3[fleet]'"
_GROUP: Final = 2000
"""Rows that are in memory at a time."""
_TEXT: Final = (
    "name", "program", "version", "input", "policy", "ending", "cause", "detail", "stdout_digest", "stderr_digest",
    "calls", "files", "trace",
)  # fmt: skip
_LISTS: Final = ("arguments", "faults", "last", "stack")
_NUMBERS: Final = ("seed", "status", "stdout_size", "stderr_size", "descriptors", "denied")


def require() -> None:
    """Looks whether Parquet can be written.

    Raises:
        UserError: It cannot.
    """
    if find_spec("pyarrow") is None:
        raise UserError(f"Parquet files are written by pyarrow: {NEEDED}, or use --no-parquet")


def write(path: str, rows: Iterable[Row]) -> int:
    """Writes a file, whole or not at all; returns how many rows it has.

    Raises:
        UserError: It cannot be written.
    """
    require()
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    from pyarrow import parquet  # noqa: PLC0415

    schema = pa.schema(
        [
            *((name, pa.string()) for name in _TEXT),
            *((name, pa.list_(pa.string())) for name in _LISTS),
            *((name, pa.int64()) for name in _NUMBERS),
            ("failed", pa.bool_()),
            ("stdout", pa.binary()),
            ("stderr", pa.binary()),
        ]
    )
    unfinished = f"{path}.part"
    count, found = 0, iter(rows)
    try:
        with parquet.ParquetWriter(unfinished, schema, compression="zstd") as file:
            while some := list(islice(found, _GROUP)):
                count += len(some)
                file.write_table(pa.Table.from_pylist(list(map(_values, some)), schema))
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(unfinished)
        raise UserError(f"{path}: {error.strerror or error}; the outcomes themselves are stored", 1) from None
    return count


def _values(row: Row) -> dict[str, Any]:
    point, outcome = row.point, row.outcome
    run = point.run
    return {
        "name": row.name,
        "program": point.program.name,
        "version": point.version,
        "arguments": list(run.arguments[1:]),
        "input": point.input,
        "policy": point.policy,
        "seed": run.seed,
        "faults": list(run.faults),
        "failed": row.failed,
        "ending": outcome.ending.value,
        "status": outcome.status,
        "cause": row.cause or outcome.cause,
        "detail": outcome.detail,
        "calls": json.dumps(outcome.calls),
        "last": outcome.last,
        "stack": outcome.stack,
        "files": json.dumps(outcome.files),
        "descriptors": outcome.descriptors,
        "denied": outcome.denied,
        "trace": outcome.trace,
        **dict(_stream("stdout", outcome.stdout)),
        **dict(_stream("stderr", outcome.stderr)),
    }


def _stream(name: str, written: Written) -> Iterator[tuple[str, object]]:
    yield name, written.head.encode("latin-1")
    yield f"{name}_size", written.size
    yield f"{name}_digest", written.digest
