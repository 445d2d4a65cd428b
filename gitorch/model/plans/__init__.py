"""What may be asked for and allowed before any work begins: plans, workflow files, settings, runtimes, approvals."""
