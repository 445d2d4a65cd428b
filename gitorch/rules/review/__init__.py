"""What a submitted commit must pass: gates, findings and their answers, citations, evidence."""
