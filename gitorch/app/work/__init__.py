"""Work of agents and manual workers: claims, handoffs, verdicts, artifacts, the outbox."""
