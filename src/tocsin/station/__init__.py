"""The agent in a shop: connects outward with a key of its own, drives readers and sirens; knows no database."""
