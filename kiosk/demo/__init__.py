"""The demo: the product at work on one machine, for a visitor with a keyboard and no scanner."""
