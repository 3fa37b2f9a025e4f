"""Messages: what is said, how Slack and Discord get it, and how it is posted."""
