"""The search box as pages have it: what can't be read and where, chips that change the text, what may follow."""

from typing import Any
from urllib.parse import urlencode

from litestar import get
from msgspec import Struct

from tocsin.core.actor import require
from tocsin.core.errors import Refusal
from tocsin.orders.campaign import campaign_titles
from tocsin.orders.syntax import QUERY_CHARACTERS
from tocsin.orders.syntax_fields import complete
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import told, words_of
from tocsin.web.words import Words

# Each chip in English and in Chinese: its word is its token.
CHIPS = (
    ("state:held", "状态:挂起"), ("state:produced", "状态:待打印"), ("payment:unpaid", "支付:未支付"), ("fulfilment:unfulfilled", "发货:未发货"),
    ("placed:today", "下单:今天"), ("placed:-7d", "下单:近7天"), ("sort:amount-", "排序:金额-"),
)  # fmt: skip


class Completion(Struct, frozen=True):
    """The whole text with what may follow, and what that is."""

    text: str
    what: str


@get("/orders/completions", sync_to_thread=True)
def get_completions(request: PageRequest) -> list[Completion]:
    """Return what may follow the text in the search box; nothing of any order is in it."""
    desk, actor = enter(request)
    require(actor, "query")
    text = request.query_params.get("q", "")[:QUERY_CHARACTERS]
    chinese = words_of(request, actor).is_chinese
    asks = any(f"{name}:" in text.replace("：", ":") for name in ("campaign", "活动"))
    codes = desk.db.read(actor.merchant_id, lambda tx: campaign_titles(tx, actor)) if asks else {}
    return [
        Completion(whole, what) for whole, what in complete(text, chinese=chinese, known={"campaign": codes})
    ]


def show_mistake(refusal: Refusal, text: str, words: Words) -> dict[str, Any]:
    """Return what a refusal says of a query, with the text before the character where it points."""
    place = refusal.data.get("place", 0)
    at = place - 1 if isinstance(place, int) and 0 < place <= len(text) + 1 else None
    return {"text": told(refusal, words), "before": None if at is None else text[:at]}


def show_chips(text: str, words: Words) -> list[dict[str, Any]]:
    """Return common filters, each with the address of the text with it, or without where it stands already."""
    given, shown = text.split(), []
    for pair in CHIPS:
        token = pair[words.is_chinese]
        kept = [part for part in given if part not in pair]
        on = len(kept) < len(given)
        query = " ".join(kept if on else [*given, token])
        shown.append(
            {"text": token, "on": on, "url": "/orders?" + urlencode({"q": query}) if query else "/orders"}
        )
    return shown


ASKING = [get_completions]
