"""Tests of the tickets chapter."""
