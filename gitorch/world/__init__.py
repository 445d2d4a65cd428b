"""Touching: tmux, git, worktrees, processes, files, the clock."""
