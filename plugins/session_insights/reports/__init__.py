"""Text and figures to a page: content, charts, rendering, publishing."""
