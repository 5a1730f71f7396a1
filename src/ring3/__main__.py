"""``python -m ring3``."""

import sys

from ring3.cli.main import main

sys.exit(main())
