"""Boxes 16 to 20: print terminal, check, ticket terminal, hold, revise."""
