"""Random bytes that are the same for the same seed."""

from __future__ import annotations


class SeededBytes:
    """An endless stream of bytes: SHAKE-256 of the seed and of how many bytes were taken before.

    Whoever has the seed can compute it; it is for repeating a run, not for secrets.
    """

    def __init__(self, seed: int) -> None:
        self._seed = b"%d" % seed
        self._taken = 0

    def __call__(self, size: int) -> bytes:
        """The next bytes."""
        import hashlib  # noqa: PLC0415 -- loads OpenSSL, 5 ms that only a seeded run needs

        found = hashlib.shake_256(b"%s:%d" % (self._seed, self._taken)).digest(size)
        self._taken += size
        return found
