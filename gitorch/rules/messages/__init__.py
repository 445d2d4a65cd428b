"""What questions and messages say, and to whom they go."""
