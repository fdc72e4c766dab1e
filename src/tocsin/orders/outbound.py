"""Webhooks out: endpoints of a merchant that are told what happens to orders.

An endpoint is told of kinds of events, of all shops or of some. Its address and its signing secret are sealed; the
secret is shown once. One that fails for days is switched off where everybody sees it, and loses nothing meanwhile.
"""

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.step_up import require_proof
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.outbound import new_secret, read_place
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.tenant import get_shop
from tocsin.core.text import read_name
from tocsin.core.vault import seal, unseal
from tocsin.orders.outbound_table import outbound_delivery, outbound_endpoint

KINDS = (
    "order.produced", "order.moved", "order.cancelled", "order.held", "order.held_long", "order.released",
    "print.printed",
)  # fmt: skip
"""Events that endpoints may be told of."""
ENDPOINTS_MOST = 20
NAME_MOST = 60


class EndpointMissing(Refusal):
    """There is no such webhook: look at the list again"""

    kind, code = "missing", "endpoint_missing"


class EndpointWrong(Refusal):
    """The webhook can't be set so ({field}): {problem}"""

    kind, code = "invalid", "endpoint_wrong"


class Endpoint(Struct, frozen=True):
    """An endpoint as lists show it; `kinds` and `shops` are JSON lists, empty for all.

    `state`: active, paused (by hand), disabled (it failed for days, or said that it is gone).
    """

    id: int
    name: str
    host: str
    kinds: str
    shops: str
    state: str
    problem: str
    failures: int
    failing_since_us: int | None
    retry_at_us: int
    sent_at_us: int | None
    created_at_us: int

    def wants(self, kind: str, shop_id: int) -> bool:
        """Tell whether an endpoint is told of a kind of event in a shop."""
        kinds = msgspec.json.decode(self.kinds, type=list[str])
        shops = msgspec.json.decode(self.shops, type=list[str])
        return (not kinds or kind in kinds) and (not shops or str(shop_id) in shops)


class Secrets(Struct, frozen=True):
    """What is sealed of an endpoint; `earlier` still signs beside `secret` until it is dropped."""

    url: str
    secret: str
    earlier: str = ""


_SHOWN = tuple(outbound_endpoint.c[name] for name in Endpoint.__struct_fields__)
_of_id = (own(outbound_endpoint), outbound_endpoint.c.id == bind("endpoint_id"))
_ADD = insert_into(outbound_endpoint)
_LIST = Statement(sa.select(*_SHOWN).where(own(outbound_endpoint)).order_by(outbound_endpoint.c.id), Endpoint)
_GET = Statement(sa.select(*_SHOWN).where(*_of_id), Endpoint)
_SEALED = Statement[tuple[bytes]](sa.select(outbound_endpoint.c.sealed).where(*_of_id))
_SEAL = Statement[None](sa.update(outbound_endpoint).where(*_of_id), sets=("sealed",))
_CHANGE = Statement[None](
    sa.update(outbound_endpoint).where(*_of_id), sets=("name", "host", "sealed", "kinds", "shops")
)
_STATE = Statement[None](
    sa.update(outbound_endpoint).where(*_of_id),
    sets=("state", "problem", "failures", "failing_since_us", "retry_at_us"),
)
_DROP = Statement[None](sa.delete(outbound_endpoint).where(*_of_id))
_DROP_DELIVERIES = Statement[None](
    sa.delete(outbound_delivery).where(
        own(outbound_delivery), outbound_delivery.c.endpoint_id == bind("endpoint_id")
    )
)


def add_endpoint(
    tx: Tx, actor: Actor, *, name: str, url: str, kinds: tuple[str, ...] = (), shops: tuple[int, ...] = ()
) -> tuple[int, str]:
    """Add an endpoint; return its id and its secret, which is shown this once.

    Raises:
        NotAllowed, ProofNeeded: the actor looks after no shop, or has not proved lately who he is.
        EndpointWrong, PlaceRefused, ShopMissing: what was given can't be.
    """
    _require(actor)
    if len(list_endpoints(tx, actor)) >= ENDPOINTS_MOST:
        raise EndpointWrong(field="url", problem="there are 20 already: remove one first")
    endpoint_id, secret = new_id(), new_secret()
    checked = _check(tx, name=name, url=url, kinds=kinds, shops=shops)
    tx.run(
        _ADD, id=endpoint_id, **checked, sealed=_seal(tx, endpoint_id, Secrets(url.strip(), secret)), state="active",
        problem="", failures=0, failing_since_us=None, retry_at_us=0, leased_until_us=0, sent_at_us=None,
        created_at_us=tx.now_us, created_by=actor.id,
    )  # fmt: skip
    _note(tx, actor, endpoint_id, did="add", host=checked["host"])
    return endpoint_id, secret


def change_endpoint(
    tx: Tx, actor: Actor, *, endpoint_id: int, name: str, url: str = "", kinds: tuple[str, ...] = (), shops: tuple[int, ...] = ()
) -> None:  # fmt: skip
    """Change an endpoint; without an address it keeps the one that it has.

    Raises:
        NotAllowed, ProofNeeded, EndpointMissing, EndpointWrong, PlaceRefused, ShopMissing
    """
    _require(actor)
    present = open_endpoint(tx, endpoint_id=endpoint_id)
    kept = msgspec.structs.replace(present, url=url.strip() or present.url)
    checked = _check(tx, name=name, url=kept.url, kinds=kinds, shops=shops)
    tx.run(_CHANGE, endpoint_id=endpoint_id, sealed=_seal(tx, endpoint_id, kept), **checked)
    _note(tx, actor, endpoint_id, did="change", host=checked["host"])


def set_endpoint_state(tx: Tx, actor: Actor, *, endpoint_id: int, active: bool) -> None:
    """Switch an endpoint on or off by hand; what waited meanwhile is sent once it is on.

    Raises:
        NotAllowed, EndpointMissing
    """
    require(actor, "shop_settings")
    get_endpoint(tx, endpoint_id=endpoint_id)
    put_state(tx, endpoint_id=endpoint_id, state="active" if active else "paused")
    _note(tx, actor, endpoint_id, did="switch_on" if active else "pause")


def put_state(tx: Tx, *, endpoint_id: int, state: str, problem: str = "") -> None:
    """Set an endpoint's state, its failures forgotten; who may, and the journal, are for the caller."""
    tx.run(
        _STATE, endpoint_id=endpoint_id, state=state, problem=problem, failures=0, failing_since_us=None, retry_at_us=0
    )  # fmt: skip


def renew_secret(tx: Tx, actor: Actor, *, endpoint_id: int) -> str:
    """Give an endpoint a new secret, shown this once; the earlier one signs too until the next renewal.

    Raises:
        NotAllowed, ProofNeeded, EndpointMissing
    """
    _require(actor)
    present, secret = open_endpoint(tx, endpoint_id=endpoint_id), new_secret()
    made = Secrets(present.url, secret, present.secret)
    tx.run(_SEAL, endpoint_id=endpoint_id, sealed=_seal(tx, endpoint_id, made))
    _note(tx, actor, endpoint_id, did="renew_secret")
    return secret


def drop_endpoint(tx: Tx, actor: Actor, *, endpoint_id: int) -> None:
    """Remove an endpoint with what waits for it.

    Raises:
        NotAllowed, EndpointMissing
    """
    require(actor, "shop_settings")
    get_endpoint(tx, endpoint_id=endpoint_id)
    tx.run(_DROP_DELIVERIES, endpoint_id=endpoint_id)
    tx.run(_DROP, endpoint_id=endpoint_id)
    _note(tx, actor, endpoint_id, did="remove")


def list_endpoints(tx: Tx, actor: Actor) -> list[Endpoint]:
    """Return the merchant's endpoints, the oldest first.

    Raises:
        NotAllowed: the actor looks after no shop.
    """
    require(actor, "shop_settings")
    return all_endpoints(tx)


def all_endpoints(tx: Tx) -> list[Endpoint]:
    """Return the merchant's endpoints, whoever asks."""
    return tx.rows(_LIST)


def get_endpoint(tx: Tx, *, endpoint_id: int) -> Endpoint:
    """Return one endpoint.

    Raises:
        EndpointMissing
    """
    found = tx.one(_GET, endpoint_id=endpoint_id)
    if found is None:
        raise EndpointMissing
    return found


def open_endpoint(tx: Tx, *, endpoint_id: int) -> Secrets:
    """Return the address and the secrets of an endpoint.

    Raises:
        EndpointMissing
    """
    sealed = tx.value(_SEALED, endpoint_id=endpoint_id)
    if sealed is None:
        raise EndpointMissing
    plain = unseal(tx.vault.keys(tx).wrapping, bytes(sealed), bound_to=b"webhook %d" % endpoint_id)
    return msgspec.json.decode(plain, type=Secrets)


def _require(actor: Actor) -> None:
    require(actor, "shop_settings")
    require_proof(actor)


def _check(tx: Tx, *, name: str, url: str, kinds: tuple[str, ...], shops: tuple[int, ...]) -> dict[str, str]:
    place, name = read_place(url.strip()), read_name(name, most=NAME_MOST)
    if not name:
        raise EndpointWrong(field="name", problem="name what listens there, in 60 characters at most")
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise EndpointWrong(field="kinds", problem="there is no such event")
    for shop_id in shops:
        get_shop(tx, shop_id=shop_id)
    return {
        "name": name, "host": place.host, "kinds": msgspec.json.encode(sorted(kinds)).decode(),
        "shops": msgspec.json.encode(sorted(str(one) for one in shops)).decode(),
    }  # fmt: skip


def _seal(tx: Tx, endpoint_id: int, secrets: Secrets) -> bytes:
    return seal(
        tx.vault.keys(tx).wrapping, msgspec.json.encode(secrets), bound_to=b"webhook %d" % endpoint_id
    )


def _note(tx: Tx, actor: Actor, endpoint_id: int, *, did: str, host: str = "") -> None:
    data = {"host": host} if host else {}
    write_journal(tx, actor, verb=f"orders.webhook_{did}", subject=f"webhook:{endpoint_id}", data=data)
