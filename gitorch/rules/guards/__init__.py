"""Who may do what, and which job may begin now."""
