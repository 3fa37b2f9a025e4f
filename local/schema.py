"""`make schema`: writes `include/sql/schema.sql`, the tables as the migrations leave them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from local.postgres import remove_postgres, start_postgres
from local.postgres_home import PostgresHome, find_postgres_home
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import connect
from session_insights.store.migrations import migrate

HEAD = "-- What the migrations make, for reading; renewed by `make schema`, never applied.\n\n"
_NOISE = re.compile(r"^(?:--.*|SET .*|SELECT pg_catalog\..*|\\(?:un)?restrict .*)\n", re.MULTILINE)


def dump_schema(home: PostgresHome, url: str) -> str:
    """The schema `insights` of a migrated database as pg_dump writes it, without what differs by server."""
    done = home.run("pg_dump", "--schema=insights", "--schema-only", "--no-owner", "--no-privileges", url)
    done.check_returncode()
    return HEAD + re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", done.stdout)).strip() + "\n"


def main() -> None:
    include = find_include_dir(Settings())
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        cluster = start_postgres(state, durable=False)
        try:
            with connect(cluster.url("postgres")) as connection:
                migrate(connection, include / "sql" / "migrations")
            text = dump_schema(find_postgres_home(state), cluster.url("postgres"))
            (include / "sql" / "schema.sql").write_text(text, encoding="utf-8")
        finally:
            remove_postgres(state)


if __name__ == "__main__":
    main()
