"""The form of a campaign: its plan as texts, and read back, each fault at its field."""

from typing import Any, cast

from tocsin.core.clock import to_datetime
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop
from tocsin.orders.campaign import KINDS, CampaignMoved, CampaignTwice, CampaignWrong, Plan
from tocsin.orders.sheet_cells import InstantOutside, InstantUnreadable, read_instant
from tocsin.web.form import Form
from tocsin.web.shell import told
from tocsin.web.words import Words

FAULTS = (CampaignWrong, CampaignTwice, CampaignMoved, InstantUnreadable, InstantOutside)
_STOCK_LINES = 1_000


def form_of(plan: Plan, zone: str) -> dict[str, str]:
    """Return a plan as its form shows it; times in the shop's zone."""
    times = {
        name: "" if at is None else f"{to_datetime(at, zone):%Y-%m-%dT%H:%M}"
        for name, at in (("starts_at", plan.starts_at_us), ("ends_at", plan.ends_at_us))
    }
    return {
        "kind": plan.kind, "title": plan.title, "code": plan.code, **times, "min_group": str(plan.min_group or ""),
        "per_buyer": str(plan.per_buyer or ""), "stock": "\n".join(f"{sku} = {n}" for sku, n in sorted(plan.stock.items())),
    }  # fmt: skip


def read_plan(tx: Tx, form: Form, *, closed: bool = False) -> Plan:
    """Return the plan that a form asks for.

    Raises:
        CampaignWrong: a line of the stock is no SKU = pieces.
        InstantUnreadable, InstantOutside
    """
    zone, kind = get_shop(tx).zone, form.get("kind", "")
    return Plan(
        kind=cast("Any", kind if kind in KINDS else "other"), title=form.get("title", ""), code=form.get("code", ""),
        starts_at_us=_instant(form, "starts_at", zone), ends_at_us=_instant(form, "ends_at", zone),
        min_group=_number(form.get("min_group", "")), per_buyer=_number(form.get("per_buyer", "")),
        stock=_stock(form.get("stock", "")), closed=closed,
    )  # fmt: skip


def fault_of(refusal: Refusal, words: Words) -> dict[str, str]:
    """Return what a refusal says, at its field."""
    by_kind = {CampaignTwice: "code", CampaignMoved: "title"}
    field = by_kind.get(type(refusal), "") or str(refusal.data.get("field", "starts_at"))
    return {field: told(refusal, words)}


def _instant(form: Form, name: str, zone: str) -> int | None:
    try:
        return read_instant(form.get(name, "").replace("T", " "), zone)
    except (InstantUnreadable, InstantOutside) as refusal:
        refusal.data["field"] = name
        raise


def _number(text: str) -> int:
    """Return a limit; what is no number is one that no plan may have."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1 if text else 0


def _stock(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in text.replace("＝", "=").splitlines()[:_STOCK_LINES]:
        sku, sign, pieces = line.rpartition("=")
        if not line.strip():
            continue
        if not sign or not sku.strip() or not pieces.strip() or _number(pieces) < 0:
            raise CampaignWrong(
                field="stock", problem="write a line each as SKU = pieces, such as LI-5 = 200"
            )
        found[sku.strip()] = _number(pieces)
    return found
