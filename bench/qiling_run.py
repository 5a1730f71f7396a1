"""Run one static program under Qiling and exit with its status: ``PYTHON qiling_run.py [--hook] PROGRAM [ARG...]``.

With ``--hook`` a function is told of every getpid, as one who traces calls with Qiling would write it.

This file runs in Qiling's own environment, whose Python has neither this package nor Ring3.
"""

import sys

from qiling import Qiling  # type: ignore[import-not-found, unused-ignore]
from qiling.const import QL_INTERCEPT, QL_VERBOSE  # type: ignore[import-not-found, unused-ignore]

hook = sys.argv[1:2] == ["--hook"]
ql = Qiling(sys.argv[1 + hook :], "/", verbose=QL_VERBOSE.DISABLED, console=False)
if hook:
    out = open("/dev/null", "w")  # noqa: SIM115 -- until the program has ended
    ql.os.set_syscall("getpid", lambda _ql, *_: out.write("getpid()\n"), QL_INTERCEPT.ENTER)
ql.run()
sys.exit(ql.os.exit_code)
