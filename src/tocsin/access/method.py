"""Box 5, user-information check: which methods a name is offered now.

An unknown name is offered what a known one would be, and always the same: the answer tells nothing.
"""

from typing import Literal

from msgspec import Struct

from tocsin.access.verification import Candidate

Method = Literal["password", "passkey", "reader"]


class Offered(Struct, frozen=True):
    """What the page shows after the name."""

    methods: tuple[Method, ...]


def offer_methods(_candidate: Candidate, *, passkeys: bool = False, reader: bool = False) -> Offered:
    """Return the methods offered to a known name, and as decoy to an unknown one: equal, and in parallel.

    Args:
        passkeys: the desk stands where browsers give passkeys; the same for every name.
        reader: the browser is an enrolled desk at which a fingerprint reader answers; the same for every name.
    """
    at_hand: dict[Method, bool] = {"password": True, "passkey": passkeys, "reader": reader}
    return Offered(tuple(method for method, here in at_hand.items() if here))
