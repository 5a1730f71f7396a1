"""Outcomes of runs by name, on disk: what is there stays there, whatever happens to this process.

An SQLite database in a directory. Outcomes are only ever added; a commit is on the disk when it returns, so that a
sweep that is killed at any moment has lost no more than what it was about to commit. One sweep works in a directory at
a time.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from ring3.errors import UserError
from ring3.fleet.outcome import Outcome

FILE: Final = "outcomes.sqlite"
FORM: Final = 1
"""The version of the tables, SQLite's ``user_version``."""


class Store:
    """The outcomes that are in a directory.

    Attributes:
        folder: The directory.
    """

    def __init__(self, folder: str, version: str) -> None:
        """Opens it, and makes it if it is not there.

        Args:
            folder: The directory.
            version: That of Ring3, which is to be the one that made what is there.

        Raises:
            UserError: It cannot be used, or another sweep uses it.
        """
        self.folder = folder
        with self._refusals():
            os.makedirs(folder, exist_ok=True)
            self._lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._lock)
                raise UserError(f"{folder}: another sweep is at work there", 1) from None
        try:
            with self._refusals():
                self._open(version)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self, version: str) -> None:
        database = self._database = sqlite3.connect(
            os.path.join(self.folder, FILE), isolation_level=None, check_same_thread=False
        )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        (form,) = database.execute("PRAGMA user_version").fetchone()
        if form not in (0, FORM):
            raise UserError(
                f"{self.folder}: its outcomes are kept in form {form}, and this Ring3 knows form {FORM}", 1
            )
        if not form:
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "CREATE TABLE outcome (name TEXT PRIMARY KEY, outcome BLOB NOT NULL) WITHOUT ROWID"
            )
            database.execute("CREATE TABLE made_by (version TEXT NOT NULL)")
            database.execute("INSERT INTO made_by VALUES (?)", (version,))
            database.execute(f"PRAGMA user_version = {FORM}")
            database.execute("COMMIT")
        (made_by,) = database.execute("SELECT version FROM made_by").fetchone()
        if made_by != version:
            raise UserError(
                f"{self.folder} has outcomes of ring3 {made_by}, and this is ring3 {version}: "
                "use another --output, or remove it",
                1,
            )

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Turns what the host says into a line."""
        try:
            yield
        except sqlite3.Error as error:
            why = str(error)
            hint = (
                "; what is stored is safe, and the same command goes on"
                if "full" in why or "I/O" in why
                else ""
            )
            raise UserError(f"{self.folder}: {why}{hint}", 1) from None
        except OSError as error:
            raise UserError(f"{self.folder}: {error.strerror}", 1) from None

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of some names that have no outcome yet, in order."""
        with self._refusals():
            has = self._database.execute
            return [
                name for name in names if not has("SELECT 1 FROM outcome WHERE name = ?", (name,)).fetchone()
            ]

    def find(self, name: str) -> Outcome | None:
        """The outcome of a run, None if it has none yet."""
        with self._refusals():
            row = self._database.execute("SELECT outcome FROM outcome WHERE name = ?", (name,)).fetchone()
        return None if row is None else Outcome.from_json(zlib.decompress(row[0]).decode())

    def add(self, outcomes: Iterable[tuple[str, str]]) -> None:
        """Stores outcomes, all or none; returns when they are on the disk. One that is there already stays.

        Args:
            outcomes: Names, and the outcomes as JSON.

        Raises:
            UserError: The disk is full, or fails.
        """
        rows = [(name, zlib.compress(text.encode(), 1)) for name, text in outcomes]
        with self._refusals():
            try:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR IGNORE INTO outcome VALUES (?, ?)", rows)
                self._database.execute("COMMIT")
            except sqlite3.Error:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def matching(self, beginning: str) -> list[str]:
        """The names that begin in some way, two at most."""
        with self._refusals():
            found = self._database.execute(
                "SELECT name FROM outcome WHERE substr(name, 1, ?) = ? LIMIT 2", (len(beginning), beginning)
            )
            return [name for (name,) in found]

    def __len__(self) -> int:
        with self._refusals():
            (count,) = self._database.execute("SELECT count(*) FROM outcome").fetchone()
            return int(count)

    def close(self) -> None:
        """Lets others have it."""
        self._database.close()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()
