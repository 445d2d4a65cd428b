"""Tables of plain text, for terminals and mails."""
