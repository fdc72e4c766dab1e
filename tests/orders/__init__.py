"""Tests of boxes 10 to 15."""
