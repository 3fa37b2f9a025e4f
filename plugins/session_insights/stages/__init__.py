"""One function a task: composes rooms, returns ids and counts, never text of a transcript."""
