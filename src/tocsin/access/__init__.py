"""Boxes 2, 4, 5, 6, 7: login, verification, method, password, fingerprint."""
