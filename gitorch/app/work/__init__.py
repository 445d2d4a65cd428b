"""What agents and manual workers hand in: claims, handoffs, verdicts, artifacts, the outbox."""
