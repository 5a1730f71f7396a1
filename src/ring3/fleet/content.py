"""Bytes that runs need, by their hash: programs, inputs, policies and files of the host."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from ring3.errors import UserError


@dataclass(frozen=True, slots=True)
class Content:
    """Some bytes, and where they can be read again.

    Attributes:
        digest: Their SHA-256.
        path: The file of the host that has them; "" where the plan itself does.
        data: The bytes, where the plan has them.
        mode: Permissions of that file.
    """

    digest: str
    path: str = ""
    data: bytes = b""
    mode: int = 0o644

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Bytes of the plan."""
        return cls(hashlib.sha256(data).hexdigest(), data=data)

    @classmethod
    def read_from(cls, path: str) -> Content:
        """A file of the host, which is read once for its hash and again when it is sent to a worker.

        Raises:
            UserError: It cannot be read.
        """
        try:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                return cls(digest, os.path.abspath(path), mode=os.fstat(file.fileno()).st_mode & 0o777)
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None

    def read(self) -> bytes:
        """The bytes.

        Raises:
            UserError: The file has changed since it was hashed, or cannot be read any more.
        """
        if not self.path:
            return self.data
        try:
            with open(self.path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise UserError(f"{self.path}: {error.strerror}") from None
        if hashlib.sha256(data).hexdigest() != self.digest:
            raise UserError(f"{self.path} has changed since the sweep began: start it again", 1)
        return data


EMPTY = Content.of(b"")
"""No bytes at all."""
