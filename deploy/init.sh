#!/usr/bin/env bash
# What has to be there before Airflow starts, each step as often as you like: databases and roles, tables, users.
set -euo pipefail
cd "$(dirname "$0")"
python databases.py
airflow db migrate
SESSION_INSIGHTS_DATABASE_URL=$OWNER_DATABASE_URL python -m session_insights migrate
python users.py
