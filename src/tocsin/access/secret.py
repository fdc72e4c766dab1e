"""Secrets that the desk hands out: 256 bits, shown once, kept as their SHA-256.

A plain hash is enough: nobody guesses 256 random bits, so there is nothing to slow down.
"""

import hashlib
import secrets

SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret of 256 bits, safe in addresses and cookies."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """Return what is stored in a secret's place, 64 characters."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
