"""What people and agents type: one module for a group of verbs."""
