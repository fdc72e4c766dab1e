"""Commands of the console: what each is given, and the actor that it acts as."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tocsin.core.actor import Actor, console_actor
from tocsin.core.errors import Refusal
from tocsin.core.tenant import Merchant
from tocsin.desk import Desk


class MerchantUnnamed(Refusal):
    """Name one merchant with --merchant; there are: {merchants}"""

    kind, code = "invalid", "merchant_unnamed"


class Caller(Struct, frozen=True):
    """Who asks: a user of this machine, at a desk."""

    desk: Desk
    user: int

    def actor(self, merchant_id: int) -> Actor:
        """Return the console as the actor of what is done, so that the journal tells it from the desk."""
        return console_actor(merchant_id, user=self.user)

    def merchant(self, merchant_id: int) -> Merchant:
        """Return the merchant of an id, or the only one.

        Raises:
            MerchantUnnamed: there are several, or none such.
        """
        found = self.desk.merchants()
        chosen = [one for one in found if one.id == merchant_id] if merchant_id else found
        if len(chosen) != 1:
            listed = ", ".join(f"{one.id} {one.name}" for one in found)
            raise MerchantUnnamed(merchants=listed or "none: run `tocsin serve` first")
        return chosen[0]


class Command(Struct, frozen=True):
    """One command: the shape of what it is given, and what runs it."""

    given: type[Struct]
    run: Callable[[Caller, Any], Any]
