"""Box 6, password sign-in: the rules of a password, and its hash.

Hashing takes some 30 ms and 19 MiB: it never happens inside a transaction.
"""

import unicodedata
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tocsin.access.guessable import guess_cost
from tocsin.core.errors import Refusal

SHORTEST, LONGEST = 15, 256
# What is typed may compose to less. Spelling takes time by the square of a run of accents: 40,000 of them took 2 s.
_TYPED_MOST = 4 * LONGEST
# Beside an enrolled desk, which is the second factor.
DESK_SHORTEST = 8
CHEAP_BELOW, DESK_CHEAP_BELOW = 8, 6
# OWASP's second choice for Argon2id; measured here: 34 hashes a second and core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Of a random password that was thrown away, with the same parameters: unknown names cost the same work.
DECOY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$FPAKSwQHUKXo+buh7UoZ/g$oURSjd986HU8VHNw9WLVCdrkl6PyoM2/Epikz9myJzg"
)


Strength = Literal["full", "desk"]


class PasswordWeak(Refusal):
    """This password is too easy to guess: choose four or more unrelated words"""

    kind, code = "invalid", "password_weak"


class PasswordShort(PasswordWeak):
    """The password has {length} characters and needs {shortest}: a sentence or four unrelated words will do"""

    kind, code = "invalid", "password_short"


class PasswordLong(PasswordWeak):
    """The password has {length} characters, {longest} are the most: shorten it"""

    kind, code = "invalid", "password_long"


class PasswordCommon(PasswordWeak):
    """The password is made of what is guessed first (common passwords, rows of keys, repetitions): choose unrelated words"""

    kind, code = "invalid", "password_common"


class PasswordNamed(PasswordWeak):
    """The password contains a name that others know ({name}): leave it out"""

    kind, code = "invalid", "password_named"


def require_strong(password: str, *, names: tuple[str, ...] = (), at_desk: bool = False) -> None:
    """Refuse a password that is short, common, or contains one of the names (sign-in, own, merchant's).

    Args:
        at_desk: it is to open at enrolled desks alone.

    Raises:
        PasswordWeak: what is wrong with it, and the cure.
    Source: NIST SP 800-63B-4 §3.1.1 (15 characters where it stands alone, 8 beside a second factor, blocklist, no rules
    of composition).
    """
    if len(password) > _TYPED_MOST:
        raise PasswordLong(length=len(password), longest=LONGEST)
    password = spell(password)
    shortest = DESK_SHORTEST if at_desk else SHORTEST
    if len(password) < shortest:
        raise PasswordShort(length=len(password), shortest=shortest)
    if len(password) > LONGEST:
        raise PasswordLong(length=len(password), longest=LONGEST)
    folded = _fold(password)
    for name in names:
        known = _fold(name)
        # "Li" would forbid half of the language; two Chinese characters are a name.
        if known and known in folded and len(known) >= (4 if known.isascii() else 2):
            raise PasswordNamed(name=name)
    if guess_cost(password) < (DESK_CHEAP_BELOW if at_desk else CHEAP_BELOW):
        raise PasswordCommon


def strength_of(password: str, *, names: tuple[str, ...], desk_will_do: bool) -> Strength:
    """Return how strong a password is that keeps the rules; a short one is strong enough for enrolled desks.

    Args:
        desk_will_do: whose it is may have one that opens at enrolled desks alone.

    Raises:
        PasswordWeak: it keeps neither's rules.
    """
    if desk_will_do and len(spell(password)) < SHORTEST:
        require_strong(password, names=names, at_desk=True)
        return "desk"
    require_strong(password, names=names)
    return "full"


def hash_new_password(password: str, *, names: tuple[str, ...]) -> str:
    """Return the hash of a password that keeps the rules; to be called before the transaction.

    Raises:
        PasswordWeak: it does not.
    """
    require_strong(password, names=names)
    return hash_password(password)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, with its salt and parameters."""
    return _HASHER.hash(spell(password).encode("utf-8", "surrogatepass"))


def verify_password(password: str, hashed: str) -> bool:
    """Tell whether a password has a hash; only ever called as a `secret_check` behind the limiter."""
    try:
        right = _HASHER.verify(hashed, spell(password).encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return right and len(password) <= _TYPED_MOST


def spell(password: str) -> str:
    """Return a password spelt one way (NFC): phones and PCs compose accents differently. What is far too long is cut."""
    return unicodedata.normalize("NFC", password[: _TYPED_MOST + 1])


def _fold(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
