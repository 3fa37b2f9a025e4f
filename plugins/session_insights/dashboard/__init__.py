"""Figures, sessions and their reading as pages and JSON, for signed-in users."""
