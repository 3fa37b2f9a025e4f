"""Charts as strings: pure functions from figures to inline SVG, with text labels in HTML around it."""
