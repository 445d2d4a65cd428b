"""What an agent is doing and asking for, judged from its hooks, processes and screen."""
