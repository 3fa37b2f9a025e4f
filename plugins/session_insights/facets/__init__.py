"""Entries → facet: what was measured, what was judged, one reading a session."""
