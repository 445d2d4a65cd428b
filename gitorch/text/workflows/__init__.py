"""Workflow files: YAML to values and back, checked, generated and converted."""
