"""The ledger's records as text: their form, their chain, their sentences, and the objects of git that hold them."""
