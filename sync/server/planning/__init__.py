"""Planning, pure: what an order needs, and whether it can be made."""
