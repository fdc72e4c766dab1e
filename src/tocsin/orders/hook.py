"""The hook contract: how a platform's call is told from a forger's, and what it says.

An adapter is pure: it looks at a request and the keys of a connection, and reads no database. Whether a call is
genuine is told by its raw bytes alone, before anything in it is believed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import cache
from typing import Protocol

from msgspec import Struct

from tocsin.core.clock import SECOND_US
from tocsin.core.errors import Refusal
from tocsin.core.plugins import load_plugins
from tocsin.orders.axis import AxisNews
from tocsin.orders.importer import ImportOptions, Parsed

SKEW_SECONDS = 300
_LONGEST_ID = 100
BASES: dict[str, str] = {}
"""Where a platform is asked for its orders, by the name of its adapter, where that is not its own address."""


class SignatureWrong(Refusal):
    """The signature is not that of this connection: compare the secret here with the one at the platform"""

    kind, code = "refused", "signature_wrong"


class KeysWrong(Refusal):
    """The field {field} is wrong: {problem}"""

    kind, code = "invalid", "keys_wrong"


class HookKindUnknown(Refusal):
    """There is no way in “{name}”: choose one of {known}"""

    kind, code = "invalid", "hook_kind_unknown"


class NewsUnreadable(Refusal):
    """What the platform sent can't be read: {problem}"""

    kind, code = "invalid", "news_unreadable"


class Asked(Struct, frozen=True, kw_only=True):
    """A request as it came; names of headers are in lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at_us: int


class Keys(Struct, frozen=True, kw_only=True):
    """What a connection was given: `options` are no secret."""

    options: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {}


class Reply(Struct, frozen=True):
    """What the platform is answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


class News(Struct, frozen=True, kw_only=True):
    """What a genuine call says: whole orders, news of single axes, or the numbers of orders to fetch."""

    delivery_id: str
    kind: str
    reply: Reply = Reply()
    parsed: Parsed | None = None
    axes: tuple[AxisNews, ...] = ()
    fetch: tuple[str, ...] = ()


class Field(Struct, frozen=True, kw_only=True):
    """One thing to type for a connection; label and hint are msgids, `made` ones may be left to the desk."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    required: bool = True
    made: bool = False
    long: bool = False


class HookAdapter(Protocol):
    """A plug-in of `orders/hooks`: one platform that calls the desk."""

    name: str
    title: str
    channel: str
    fields: tuple[Field, ...]

    def require_fit(self, keys: Keys) -> None:
        """Refuse keys that can't work, whatever is called.

        Raises:
            KeysWrong: with the field.
        """
        ...

    def reach(self, keys: Keys) -> None:
        """Ask the platform whether the keys are good, where it can be asked.

        Raises:
            Refusal: they are not.
        """
        ...

    def greet(self, asked: Asked, keys: Keys) -> Reply | None:
        """Answer what is no news: a test of the address, which some platforms do not sign.

        Raises:
            SignatureWrong: it ought to be signed, and is not.
        """
        ...

    def verify(self, asked: Asked, keys: Keys) -> bytes:
        """Return the genuine message of a call, opened where it came sealed.

        Raises:
            SignatureWrong: it is not genuine, or not of these minutes.
        """
        ...

    def read(self, asked: Asked, message: bytes, *, keys: Keys, options: ImportOptions) -> News:
        """Return what a genuine message says.

        Raises:
            Refusal: it can't be read.
        """
        ...

    def fetch(self, order: str, *, keys: Keys, options: ImportOptions) -> Parsed:
        """Fetch an order from the platform, over the network.

        Raises:
            Refusal: the platform does not give it, or it can't be read.
        """
        ...


@cache
def every_hook() -> dict[str, HookAdapter]:
    """Return each adapter by name."""
    return {plugin.name: plugin for plugin in load_plugins("orders.hooks").values()}


def hook_of(kind: str) -> HookAdapter:
    """Return the adapter of a kind.

    Raises:
        HookKindUnknown: there is none.
    """
    if kind not in every_hook():
        raise HookKindUnknown(name=kind[:40], known=", ".join(every_hook()))
    return every_hook()[kind]


def require_same(given: str, expected: str) -> None:
    """Refuse a signature that is not the expected one, in a time that does not tell where they differ.

    Raises:
        SignatureWrong: it is another.
    """
    sides = (text.strip().encode("utf-8", "surrogatepass") for text in (given, expected))
    if not hmac.compare_digest(*sides):
        raise SignatureWrong


def require_fresh(seconds: str, at_us: int) -> None:
    """Refuse a time that is more than five minutes from now: what was recorded once is not played again.

    Raises:
        SignatureWrong: it is no time, or another's.
    """
    plain = seconds.isascii() and seconds.isdigit() and len(seconds) <= 12
    if not plain or abs(int(seconds) * SECOND_US - at_us) > SKEW_SECONDS * SECOND_US:
        raise SignatureWrong


def delivery_id_of(given: str, body: bytes) -> str:
    """Return the id that a platform gives a delivery, or one made of its bytes."""
    plain = given.isascii() and given.isprintable() and 0 < len(given) <= _LONGEST_ID
    return given if plain else hashlib.sha256(body).hexdigest()
