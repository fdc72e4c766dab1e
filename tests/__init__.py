"""Tests mirror the tree; `desk.py` builds what they need."""
