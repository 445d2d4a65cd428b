"""Workflows: compile them, check and lint them, try them without a run, and follow them in a tracker."""
