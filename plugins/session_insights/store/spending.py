"""What reading and writing have cost so far, and whether there is room for more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from session_insights.errors import BudgetReached
from session_insights.profile import Profile
from session_insights.settings import Settings
from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql


@dataclass(frozen=True)
class Spending:
    """Dollars at list price since the start of the local day and month."""

    today_usd: float
    month_usd: float
    unpriced_count: int  # calls of this month whose model has no list price; they stand in neither sum


def load_spending(connection: Connection, *, profile: Profile, now: datetime | None = None) -> Spending:
    """What sessions and reports have cost today and this month, in the profile's time zone."""
    [row] = execute(
        connection, load_sql("facets/spending"), time_zone=profile.time_zone, now=now if now else datetime.now(UTC)
    )
    return Spending(**row)


def check_budget(
    connection: Connection,
    estimate_usd: float | None,
    settings: Settings,
    profile: Profile,
    *,
    now: datetime | None = None,
) -> None:
    """Let a call pass whose estimated price fits under both caps.

    Tasks side by side do not see each other's calls before these are answered, so n of them can go over a cap by what
    n − 1 calls cost. A model without a list price (`estimate_usd` is None) is held back only by what others have spent.

    Raises:
        BudgetReached: It would go over a cap; the message names the cap, what was spent, and the setting.
    """
    spending = load_spending(connection, profile=profile, now=now)
    for period, cap, spent in (
        ("daily", settings.daily_cap_usd, spending.today_usd),
        ("monthly", settings.monthly_cap_usd, spending.month_usd),
    ):
        if cap is not None and spent + (estimate_usd or 0.0) > cap:
            raise BudgetReached(
                f"not sent: the {period} cap is ${cap:.2f}, ${spent:.4f} is spent and this would cost about "
                f"${estimate_usd or 0.0:.4f}; raise SESSION_INSIGHTS_{period.upper()}_CAP_USD or wait."
            )
