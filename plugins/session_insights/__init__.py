"""Session Insights: Claude Code transcripts → sessions → facets → figures → reports."""
