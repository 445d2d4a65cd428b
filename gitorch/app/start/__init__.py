"""From a file to a prepared run: setup, plan and workflow files, preflight checks, `doctor`."""
