#!/usr/bin/env bash
# Tests on the oldest Postgres that the README promises, where this machine has it: a throw-away server, gone at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=${OLDEST_POSTGRES:-/usr/lib/postgresql/15/bin}
[ -x "$programs/initdb" ] || { echo "no Postgres in $programs: its tests are left out"; exit 0; }
home=$(mktemp -d)
port=$(.venv/bin/python -c 'from local.state import find_free_port; print(find_free_port(55415))')
# Postgres does not run as root.
as() { if [ "$(id -u)" -eq 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi; }
end() { as "$programs/pg_ctl" stop --silent --mode=immediate --pgdata="$home/data" || true; rm -rf "$home"; }
trap end EXIT
[ "$(id -u)" -ne 0 ] || chown nobody "$home"
(cd "$home" && as "$programs/initdb" --pgdata="$home/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null)
(cd "$home" && as "$programs/pg_ctl" start --silent --wait --pgdata="$home/data" --log="$home/log" \
    --options="-p $port -k $home -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200")
# Two tests compare or restore what the packaged pg_dump writes, which is for its own version.
TEST_POSTGRES_PORT=$port .venv/bin/pytest --numprocesses 2 --dist loadfile \
    --deselect tests/store/test_migrations.py::test_the_snapshot_shows_what_the_migrations_make \
    --deselect tests/store/test_upgrades.py::test_a_restored_backup_has_every_row_and_figure_and_the_next_sync_reads_nothing \
    ${@:-tests/sql tests/store tests/dashboard/pages}
