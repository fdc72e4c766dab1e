"""What each hook adapter promises, asked of every one in the folder: forged is refused, genuine is read once."""

import base64
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.orders.senders import AES_KEY, GIVEN, Call, call_of, keys_of, order_of
from tests.peers.wechat_api import WechatApi
from tocsin.core.clock import now_us
from tocsin.core.errors import Refusal
from tocsin.orders.hook import BASES, Asked, Keys, KeysWrong, NewsUnreadable, SignatureWrong, every_hook
from tocsin.orders.hooks.wechat import PlatformRefused, WechatHook
from tocsin.orders.importer import ImportOptions

KINDS = sorted(every_hook())
OPTIONS = ImportOptions(channel="test", shop="HF")


def call(kind: str) -> Call:
    return call_of(kind, order_of(kind, "1001"), delivery="7")


def test_every_adapter_has_a_sender_here() -> None:
    assert set(GIVEN) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_genuine_call_is_read(kind: str) -> None:
    hook, asked = every_hook()[kind], call(kind).asked()
    hook.require_fit(keys_of(kind))
    assert hook.greet(asked, keys_of(kind)) is None and hook.title and hook.channel
    news = hook.read(asked, hook.verify(asked, keys_of(kind)), keys=keys_of(kind), options=OPTIONS)
    assert news.delivery_id and news.reply.status == 200
    if kind == "wechat":
        assert news.fetch == ("1001",)
    elif kind == "wechat_pay":
        (one,) = news.axes
        assert (one.external_id, one.payment, one.paid_minor) == ("1001", "paid", 7980)
    else:
        assert news.parsed is not None
        (order,) = news.parsed.orders
        assert (order.draft.external_id, order.draft.payment, order.draft.totals.payable_minor) == (
            "1001",
            "paid",
            7980,
        )
        assert (order.draft.channel, order.draft.shop) == ("test", "HF")
        assert order.draft.source_version_us == 1_790_000_000_000_000


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_call_that_was_touched_anywhere_is_refused_and_nothing_else_happens(
    kind: str, data: st.DataObject
) -> None:
    genuine = call(kind)
    body = bytearray(genuine.body)
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))
    touched = replace(genuine, body=bytes(body))
    hook = every_hook()[kind]
    if kind in SIGNED and _same(kind, genuine.body, touched.body):
        return
    with pytest.raises(SignatureWrong):
        hook.verify(touched.asked(), keys_of(kind))


# What the others sign is the whole body.
SIGNED = {"youzan": ("msg", "client_id", "sign"), "wechat": ("Encrypt",)}


def _same(kind: str, before: bytes, after: bytes) -> bool:
    """Tell whether what is signed is the same: these two sign a part of the body, and nothing around it."""
    try:
        one, other = json.loads(before), json.loads(after)
        return all(
            one[name] == str(other.get(name)).strip()
            or (name == "sign" and one[name] == other[name].lower().strip())
            for name in SIGNED[kind]
        )
    except (ValueError, AttributeError, KeyError):
        return False


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(
    body=st.binary(max_size=300), query=st.dictionaries(st.sampled_from(["timestamp", "nonce", "msg_signature"]), st.text(max_size=40)),
    text=st.text(max_size=60),
)  # fmt: skip
def test_no_bytes_raise_anything_but_a_refusal(
    kind: str, body: bytes, query: dict[str, str], text: str
) -> None:
    names = [
        "x-shopify-hmac-sha256",
        "x-wc-webhook-signature",
        *(f"wechatpay-{n}" for n in ("timestamp", "nonce", "signature", "serial")),
    ]
    asked = Asked(method="POST", query=query, headers=dict.fromkeys(names, text), body=body, at_us=now_us())
    hook = every_hook()[kind]
    for sent in (body, json.dumps({"Encrypt": text, "msg": text, "sign": text}).encode()):
        with pytest.raises(SignatureWrong):
            hook.verify(replace(asked, body=sent), keys_of(kind))
        try:
            hook.read(replace(asked, body=sent), sent, keys=keys_of(kind), options=OPTIONS)
        except Refusal as refusal:
            assert refusal.kind in ("invalid", "refused")


def test_a_time_of_long_ago_and_the_keys_of_another_are_refused() -> None:
    for kind in ("wechat", "wechat_pay"):
        asked = call(kind).asked()
        for off in (-301, 301):
            with pytest.raises(SignatureWrong):
                every_hook()[kind].verify(replace(asked, at_us=asked.at_us + off * 1_000_000), keys_of(kind))
    other = base64.b64encode(b"k" * 32).decode()[:43]
    changes = {
        "shopify": "secret",
        "woocommerce": "secret",
        "youzan": "client_secret",
        "wechat": "token",
        "wechat_pay": "serial",
    }
    for kind, field in changes.items():
        keys = Keys(options={**GIVEN[kind], field: "other"}, secrets={**GIVEN[kind], field: "other"})
        with pytest.raises(SignatureWrong):
            every_hook()[kind].verify(call(kind).asked(), keys)
    for field, value in (("app_id", "wx0"), ("aes_key", other)):  # signed right, sealed for another
        with pytest.raises(SignatureWrong):
            every_hook()["wechat"].verify(
                call_of("wechat", order_of("wechat", "1"), **{field: value}).asked(), keys_of("wechat")
            )
    with pytest.raises(SignatureWrong):
        sealed = call_of("wechat_pay", order_of("wechat_pay", "1"), api_key="f" * 32).asked()
        every_hook()["wechat_pay"].verify(sealed, keys_of("wechat_pay"))
    with pytest.raises(SignatureWrong):
        foreign = call("shopify")
        foreign.headers["X-Shopify-Shop-Domain"] = "other.myshopify.com"
        every_hook()["shopify"].verify(foreign.asked(), keys_of("shopify"))


def test_published_vectors_of_wechat() -> None:
    """Source: developers.weixin.qq.com, the URL check's own example."""
    hook, keys = WechatHook(), Keys(secrets={"token": "AAAAA", "aes_key": AES_KEY})
    query = {"timestamp": "1714036504", "nonce": "1514711492", "echostr": "4375120948345356249",
             "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696"}  # fmt: skip
    asked = Asked(method="GET", query=query, headers={}, body=b"", at_us=now_us())
    reply = hook.greet(asked, keys)
    assert reply is not None and reply.body == b"4375120948345356249"
    with pytest.raises(SignatureWrong):
        hook.greet(replace(asked, query={**query, "nonce": "1"}), keys)


def test_greetings_topics_of_no_interest_and_deletions() -> None:
    woo = every_hook()["woocommerce"]
    ping = Call(body=b"webhook_id=12").asked()
    assert woo.greet(ping, keys_of("woocommerce")) is not None
    assert woo.greet(replace(ping, body=b"webhook_id=12&id=7"), keys_of("woocommerce")) is None
    gone = call_of("woocommerce", {"id": 1001}, topic="order.deleted").asked()
    (one,) = woo.read(gone, gone.body, keys=keys_of("woocommerce"), options=OPTIONS).axes
    assert one.cancelled and one.external_id == "1001"
    for kind, topic in {
        "shopify": "app/uninstalled",
        "woocommerce": "product.updated",
        "wechat_pay": "PAYSCORE.USER_OPEN",
    }.items():
        asked = call_of(kind, order_of(kind, "1"), topic=topic).asked()
        hook = every_hook()[kind]
        assert (
            hook.read(asked, hook.verify(asked, keys_of(kind)), keys=keys_of(kind), options=OPTIONS).kind
            == "ignored"
        )
    asked = call_of(
        "youzan", {"tid": "E1", "update_time": "2026-09-21 10:00:00"}, topic="trade_TradeSellerShip"
    ).asked()
    youzan = every_hook()["youzan"]
    (one,) = youzan.read(
        asked, youzan.verify(asked, keys_of("youzan")), keys=keys_of("youzan"), options=OPTIONS
    ).axes
    assert (one.fulfilment, one.external_id) == ("shipped", "E1")


def test_what_is_not_signed_makes_no_other_news_of_a_genuine_call() -> None:
    """Topics and types stand beside what is signed: who caught a call and renames it cancels no order."""
    woo, youzan = every_hook()["woocommerce"], every_hook()["youzan"]
    caught = call_of("woocommerce", order_of("woocommerce", "1"), topic="order.deleted").asked()
    with pytest.raises(NewsUnreadable):
        woo.read(
            caught, woo.verify(caught, keys_of("woocommerce")), keys=keys_of("woocommerce"), options=OPTIONS
        )
    sent = call_of(
        "youzan", {"tid": "E1", "update_time": "2026-09-21 10:00:00"}, topic="trade_TradeSellerShip"
    )
    renamed = replace(
        sent, body=json.dumps({**json.loads(sent.body), "type": "trade_TradeClose", "id": "x"}).encode()
    )
    ids = {
        youzan.read(
            one, youzan.verify(one, keys_of("youzan")), keys=keys_of("youzan"), options=OPTIONS
        ).delivery_id
        for one in (sent.asked(), renamed.asked())
    }
    assert len(ids) == 1, "the same message is the same delivery, which counts once"


def test_keys_that_can_not_work_are_refused() -> None:
    for kind, field, value in (
        ("wechat", "aes_key", "short"), ("wechat_pay", "api_key", "short"), ("wechat_pay", "public_key", "no pem")
    ):  # fmt: skip
        keys = Keys(options={**GIVEN[kind], field: value}, secrets={**GIVEN[kind], field: value})
        with pytest.raises(KeysWrong) as refused:
            every_hook()[kind].require_fit(keys)
        assert refused.value.data["field"] == field
    assert hashlib.sha256(AES_KEY.encode()).hexdigest()  # a published example, nobody's key


def test_an_order_is_fetched_with_a_token_that_is_asked_for_once_and_anew_when_it_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api, hook = WechatApi(), WechatHook()
    monkeypatch.setitem(BASES, "wechat", api.origin)
    api.orders["77"] = order_of("wechat", "77")
    fetch = lambda number: hook.fetch(number, keys=keys_of("wechat"), options=OPTIONS)
    try:
        assert fetch("77").orders[0].draft.external_id == "77"
        fetch("77")
        assert api.given == 1
        api.token = "t2"
        assert fetch("77").orders[0].draft.totals.payable_minor == 7980 and api.given == 2
        with pytest.raises(PlatformRefused):
            fetch("78")
        api.down = True
        with pytest.raises(PlatformRefused) as refused:
            fetch("77")
        assert "t2" not in refused.value.message()
    finally:
        api.close()
    with pytest.raises(PlatformRefused):
        fetch("77")
