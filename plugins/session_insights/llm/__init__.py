"""Everything that speaks to a model: prompts, Claude, prices."""
