"""Tocsin (警钟): an order desk that sounds the alarm.

The twenty boxes, in order: desk client, sign-in, phone client, verification, user-information
check, password, fingerprint, alarm, siren, query, amend, produce, store, screen, download,
print terminal, check, ticket terminal, hold, revise.
"""
