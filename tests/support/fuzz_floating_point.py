"""The long comparison of floating-point instructions; ``scripts/fuzz-floating-point`` says how it is used."""

from __future__ import annotations

import sys

from ring3.computer import Linux
from tests.support import guest, native
from tests.support.floating_point import differences
from tests.support.toolchain import find

OPERANDS = "2000"


def main(rounds: int, seed: int) -> int:
    """Returns the exit status."""
    program = find().program("floating_point/operations.c")
    failed = False
    for number in range(seed, seed + rounds):
        with Linux() as linux:
            mine = guest.run(linux, program, [str(number), OPERANDS]).finished
        real = native.run(program, [str(number), OPERANDS], timeout=600)
        for difference in differences(mine.stdout.decode(), real.stdout.decode()):
            failed = True
            print(f"seed {number}: {difference}", flush=True)  # noqa: T201
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
