"""What a handed-in commit must pass: gates, findings and their answers, citations, evidence."""
