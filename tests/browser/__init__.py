"""Tests that a person would do: a real browser, a real server, a printer that answers."""
