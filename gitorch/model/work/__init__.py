"""What a run is made of while it is worked on: jobs, sessions, questions, verdicts, findings, reports."""
