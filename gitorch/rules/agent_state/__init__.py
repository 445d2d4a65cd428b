"""What an agent is doing and asks for, judged from its screen and its hooks."""
