"""Figures to text: written by rules or by Claude, checked against the figures."""
