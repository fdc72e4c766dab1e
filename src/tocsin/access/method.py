"""Box 5, user-information check: which methods a name is offered now.

An unknown name is offered what a known one would be, and always the same: the answer tells nothing.
"""

from typing import Literal

from msgspec import Struct

from tocsin.access.verification import Candidate

Method = Literal["password", "passkey"]


class Offered(Struct, frozen=True):
    """What the page shows after the name."""

    methods: tuple[Method, ...]


def offer_methods(_candidate: Candidate, *, passkeys: bool = False) -> Offered:
    """Return the methods offered to a known name, and as decoy to an unknown one: equal, and in parallel.

    Args:
        passkeys: the desk stands where browsers give passkeys; the same for every name.
    """
    return Offered(("password", "passkey") if passkeys else ("password",))
