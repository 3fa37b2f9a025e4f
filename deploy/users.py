"""The first users of Airflow: an administrator, and the laptops' account, which may do one thing.

`laptop` may trigger the DAG insights_session_ended and can see nothing; FAB lets whoever may trigger a DAG
pause it too. Passwords come from the environment; a changed one counts from the next run on.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

LAPTOPS_DAG = "insights_session_ended"
LAPTOPS_RIGHTS = [("can_edit", f"DAG:{LAPTOPS_DAG}"), ("can_create", f"DAG Run:{LAPTOPS_DAG}")]


def main() -> None:
    """Make both, or give them their passwords anew."""
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        laptops = manager.add_role("Laptop")
        for action, resource in LAPTOPS_RIGHTS:
            manager.add_permission_to_role(laptops, manager.create_permission(action, resource))
        save_user(
            manager, os.environ["AIRFLOW_ADMIN_USER"], os.environ["AIRFLOW_ADMIN_PASSWORD"], manager.find_role("Admin")
        )
        save_user(manager, "laptop", os.environ["AIRFLOW_LAPTOP_PASSWORD"], laptops)


def save_user(manager: Any, name: str, password: str, role: Any) -> None:
    """Make a user, or set the password."""
    user = manager.find_user(username=name)
    if user is None:
        made = manager.add_user(name, name, "Session Insights", f"{name}@localhost", role, password=password)
        if not made:
            raise SystemExit(f"user {name}: not made; see the lines above")
    else:
        manager.reset_password(user.id, password)


if __name__ == "__main__":
    main()
