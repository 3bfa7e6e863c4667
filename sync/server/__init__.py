"""The central server: it gathers every journal into one ledger."""
