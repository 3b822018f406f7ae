"""``python -m app.cli`` is ``earshot``."""

import sys

from app.cli import main

sys.exit(main())
