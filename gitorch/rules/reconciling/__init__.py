"""The parts of `reconcile`: what is learned from sessions, budgets and faults, and questions whose cause is gone."""
