"""What can go wrong, by whose fault: a record, a setting, or the world."""


class InsightsError(Exception):
    """Base of every error that this package raises on purpose; its message names the record and the remedy."""


class SettingsError(InsightsError):
    """A setting, a parameter or the profile is wrong; trying again without a change is pointless."""


class UnreadableTranscript(InsightsError):
    """A transcript file cannot be read; the other files go on."""


class NoRoom(InsightsError):
    """A disk is full; nothing half-written is left, and the same works when there is room."""


class BudgetReached(InsightsError):
    """Sending this would go over a cap; nothing was sent, and the session is due again when there is room."""


class ReadingFailed(InsightsError):
    """A reader gave no usable facet for a session; kept as a row of `facet_extractions`."""


class DeliveryFailed(InsightsError):
    """A message was not posted, or nobody knows."""


class NotDelivered(DeliveryFailed):
    """A channel did not take a message."""

    def __init__(self, message: str, *, may_try_again: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.may_try_again = may_try_again
        self.retry_after = retry_after  # seconds, where the channel says so


class MaybeDelivered(DeliveryFailed):
    """Nobody knows whether a message is in the channel; it is not posted again by itself."""
