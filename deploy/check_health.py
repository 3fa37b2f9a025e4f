"""Whether a component of Airflow has reported itself lately: asks the API server, which costs next to nothing.

`airflow jobs check` would load Airflow anew each time, seconds of processor time a minute and component.
"""

from __future__ import annotations

import json
import os
import sys
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener


def main(component: str) -> int:
    """0 if it is healthy; `api-server` is when it answers and reaches its database."""
    server = urlsplit(os.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"])
    try:
        # No proxy of the environment may come between.
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"http://{server.netloc}/api/v2/monitor/health", timeout=8) as answer:
            health = json.load(answer)
    except (URLError, OSError, ValueError) as error:
        print(f"the API server does not answer: {error}")
        return 1
    status = (health.get("metadatabase" if component == "api-server" else component) or {}).get("status")
    print(f"{component}: {status}")
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
