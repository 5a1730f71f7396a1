"""Run one static program under Qiling and exit with its status: ``PYTHON qiling_run.py PROGRAM [ARG...]``.

This file runs in Qiling's own environment, whose Python has neither this package nor Ring3.
"""

import sys

from qiling import Qiling  # type: ignore[import-not-found, unused-ignore]
from qiling.const import QL_VERBOSE  # type: ignore[import-not-found, unused-ignore]

ql = Qiling(sys.argv[1:], "/", verbose=QL_VERBOSE.DISABLED, console=False)
ql.run()
sys.exit(ql.os.exit_code)
