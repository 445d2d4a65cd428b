"""Decisions and messages of people: answers, approvals, signatures, keys, mail."""
