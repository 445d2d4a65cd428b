"""What the app needs of the ledger and the world, as Protocols, with the errors they may raise."""
