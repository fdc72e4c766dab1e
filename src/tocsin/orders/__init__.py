"""Boxes 10 to 15: query, amend, produce, store, screen, download."""
