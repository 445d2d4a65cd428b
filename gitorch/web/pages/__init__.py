"""The pages, one module for each thing that they are about: from a question to the values that its template shows."""
