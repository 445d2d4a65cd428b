"""What people decide and send: answers, approvals, messages, signatures."""
