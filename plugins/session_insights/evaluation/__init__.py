"""How well a reader reads: labels, agreement, and what changed since the last time."""
