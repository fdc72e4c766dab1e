"""The schema's history, the same for both databases, and what stands beside the tables."""
