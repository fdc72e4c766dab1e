"""Readers of fingers: one file each, found by folder scan."""
