"""Sessions and worktrees as people handle them, outside of a run."""
