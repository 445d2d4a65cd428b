"""Several hosts on one ledger."""
