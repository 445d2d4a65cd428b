"""Repositories, worktrees, remotes and history, by the git command line."""
