"""Workflows before they run: compiled, ready or not, linted, tried dry, followed in a tracker."""
