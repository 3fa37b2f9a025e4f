"""Airflow's command with our package loaded: what it forks has it at once; loading it takes half a second a task."""

from __future__ import annotations

import sys

from airflow.__main__ import main

import session_insights.bridge.report_tasks  # noqa: F401 (loaded, not used)

if __name__ == "__main__":
    sys.argv[0] = "airflow"  # by which Airflow names its processes
    main()
