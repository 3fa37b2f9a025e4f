"""The one-command start: embedded Postgres, Airflow on this machine, demo transcripts."""
