#!/bin/sh
# Write what docker-compose.yaml needs into .env beside it: secrets made here, mode 0600. What is there already stays.
# sh deploy/make-env.sh [FILE]
set -eu
umask 077
file=${1:-$(dirname "$0")/../.env}
touch "$file"
chmod 600 "$file"

set_once() {
    if grep -q "^$1=" "$file"; then return; fi
    # A file may end without a line break.
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
    printf '%s=%s\n' "$1" "$2" >>"$file"
    echo "$1"
}

secret() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
fernet_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }

# Containers read the transcripts as whoever runs this, but never as root.
uid=$(id -u)
if [ "$uid" -eq 0 ]; then uid=50000; fi

set_once AIRFLOW_UID "$uid"
set_once TRANSCRIPTS_DIR "$HOME/.claude/projects"
set_once TRANSCRIPTS_MACHINE "$(hostname -s 2>/dev/null || hostname)"
for name in POSTGRES_PASSWORD AIRFLOW_DB_PASSWORD INSIGHTS_OWNER_PASSWORD INSIGHTS_APP_PASSWORD \
    INSIGHTS_READER_PASSWORD REDIS_PASSWORD AIRFLOW_API_SECRET_KEY AIRFLOW_JWT_SECRET AIRFLOW_ADMIN_PASSWORD \
    AIRFLOW_LAPTOP_PASSWORD; do
    set_once "$name" "$(secret)"
done
set_once AIRFLOW_FERNET_KEY "$(fernet_key)"
set_once AIRFLOW_ADMIN_USER admin
