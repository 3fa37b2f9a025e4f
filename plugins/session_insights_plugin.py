"""The dashboard in Airflow's API server and its page in the navigation; light, since every task loads it."""

from __future__ import annotations

import asyncio
from typing import Any

from airflow.plugins_manager import AirflowPlugin


def _load_app() -> Any:
    from session_insights.bridge.dashboard import app

    return app


class LazyApp:
    """Imported with the first request, so in the API server alone, and beside its other requests."""

    _app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._app is None:
            self._app = await asyncio.to_thread(_load_app)
        await self._app(scope, receive, send)


class SessionInsightsPlugin(AirflowPlugin):
    name = "session_insights"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": "/insights", "name": "Session Insights"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Insights",
            "href": "insights/",  # without a slash before it: follows a base path
            "destination": "nav",
            "url_route": "insights",
            "nav_top_level": True,
        }
    ]
