"""`python -m session_insights`: the command where nothing is installed but the folder is on the path."""

import sys

from session_insights.cli import main

sys.exit(main())
