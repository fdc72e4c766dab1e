"""Platforms as they call: each sender signs as its platform does, by code of its own, and names the same orders."""

import base64
import hashlib
import hmac
import json
import os
import struct
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from tocsin.core.clock import now_us
from tocsin.orders.hook import Asked, Keys

AES_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
API_KEY = "0123456789abcdef0123456789abcdef"
_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = _rsa.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
GIVEN: dict[str, dict[str, str]] = {
    "shopify": {"secret": "hush", "domain": "pears.myshopify.com"},
    "woocommerce": {"secret": "whist"},
    "wechat": {"app_id": "wx49f0ab532d5d035a", "app_secret": "s", "token": "123456", "aes_key": AES_KEY},
    "wechat_pay": {"mchid": "1900000001", "api_key": API_KEY, "public_key": PUBLIC.decode(), "serial": "PUB_KEY_ID_1"},
    "youzan": {"client_id": "c0ffee", "client_secret": "sesame"},
}  # fmt: skip


class Call(Struct, kw_only=True):
    """A request that a platform sends."""

    body: bytes
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    method: str = "POST"

    def asked(self) -> Asked:
        return Asked(
            method=self.method, body=self.body, query=self.query, at_us=now_us(),
            headers={name.lower(): value for name, value in self.headers.items()},
        )  # fmt: skip

    def path(self, token: str) -> str:
        return f"/hooks/{token}" + (f"?{urlencode(self.query)}" if self.query else "")


def keys_of(kind: str) -> Keys:
    """Return the keys of GIVEN, options and secrets together in both."""
    return Keys(options=GIVEN[kind], secrets=GIVEN[kind])


def call_of(
    kind: str, document: dict[str, Any], *, topic: str = "", delivery: str = "", **given: str
) -> Call:
    """Return the call of a platform that brings a document; `given` changes the keys."""
    return _SIGN[kind](document, {**GIVEN[kind], **given}, topic, delivery)


def order_of(
    kind: str, number: str, *, at: int = 1_790_000_000, price: int = 3990, paid: bool = True
) -> dict[str, Any]:
    """Return a platform's document of an order of two pears; `at` is its version in seconds, `price` in minor units."""
    return _ORDERS[kind](number, at, price, paid)


def decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _shopify(document: dict[str, Any], keys: dict[str, str], topic: str, delivery: str) -> Call:
    body = json.dumps(document).encode()
    signed = base64.b64encode(hmac.new(keys["secret"].encode(), body, hashlib.sha256).digest()).decode()
    return Call(body=body, headers={
        "X-Shopify-Hmac-Sha256": signed, "X-Shopify-Topic": topic or "orders/updated", "X-Shopify-Webhook-Id": delivery,
        "X-Shopify-Shop-Domain": "pears.myshopify.com", "content-type": "application/json",
    })  # fmt: skip


def _woocommerce(document: dict[str, Any], keys: dict[str, str], topic: str, delivery: str) -> Call:
    body = json.dumps(document).encode()
    signed = base64.b64encode(hmac.new(keys["secret"].encode(), body, hashlib.sha256).digest()).decode()
    return Call(body=body, headers={
        "X-WC-Webhook-Signature": signed, "X-WC-Webhook-Topic": topic or "order.updated",
        "X-WC-Webhook-Delivery-ID": delivery, "content-type": "application/json",
    })  # fmt: skip


def _youzan(document: dict[str, Any], keys: dict[str, str], topic: str, delivery: str) -> Call:
    message = quote(json.dumps(document, ensure_ascii=False))
    signed = hashlib.md5(f"{keys['client_id']}{message}{keys['client_secret']}".encode()).hexdigest()
    tid = document.get("tid") or document["full_order_info"]["order_info"]["tid"]
    envelope = {
        "client_id": keys["client_id"], "id": tid, "kdt_id": 1, "type": topic or "trade_TradePaid", "mode": 1, "msg": message,
        "sendCount": int(delivery or 1), "sign": signed, "test": False, "version": 1,
    }  # fmt: skip
    return Call(body=json.dumps(envelope).encode(), headers={"content-type": "application/json"})


def _wechat(document: dict[str, Any], keys: dict[str, str], topic: str, delivery: str) -> Call:
    made = int(delivery or time.time())
    event = {"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": made, "MsgType": "event",
             "Event": topic or "channels_ec_order_pay", "order_info": {"order_id": document["order"]["order_id"]}}  # fmt: skip
    key = base64.b64decode(keys["aes_key"] + "=")
    plain = json.dumps(event).encode()
    content = os.urandom(16) + struct.pack(">I", len(plain)) + plain + keys["app_id"].encode()
    pad = 32 - len(content) % 32
    sealing = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = base64.b64encode(sealing.update(content + bytes([pad]) * pad) + sealing.finalize()).decode()
    stamp, nonce = str(int(time.time())), "461056294"
    signed = hashlib.sha1("".join(sorted([keys["token"], stamp, nonce, sealed])).encode()).hexdigest()
    query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signed, "encrypt_type": "aes"}
    return Call(body=json.dumps({"ToUserName": "gh_1", "Encrypt": sealed}).encode(), query=query)


def _wechat_pay(document: dict[str, Any], keys: dict[str, str], topic: str, delivery: str) -> Call:
    nonce, bound = "fdasflkja484", b"transaction"
    sealed = AESGCM(keys["api_key"].encode()).encrypt(nonce.encode(), json.dumps(document).encode(), bound)
    envelope = {
        "id": delivery, "create_time": "2026-09-21T10:00:00+08:00", "event_type": topic or "TRANSACTION.SUCCESS",
        "resource_type": "encrypt-resource", "summary": "支付成功",
        "resource": {"algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(sealed).decode(),
                     "associated_data": bound.decode(), "nonce": nonce, "original_type": "transaction"},
    }  # fmt: skip
    body, stamp = json.dumps(envelope).encode(), str(int(time.time()))
    signed = _rsa.sign(f"{stamp}\n{nonce}\n".encode() + body + b"\n", padding.PKCS1v15(), hashes.SHA256())
    return Call(body=body, headers={
        "Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce, "Wechatpay-Signature": base64.b64encode(signed).decode(),
        "Wechatpay-Serial": "PUB_KEY_ID_1", "content-type": "application/json",
    })  # fmt: skip


_SIGN = {
    "shopify": _shopify, "woocommerce": _woocommerce, "youzan": _youzan, "wechat": _wechat, "wechat_pay": _wechat_pay
}  # fmt: skip
_PLACE = {"name": "王小明", "phone": "13812345678"}


def _shopify_order(number: str, at: int, price: int, paid: bool) -> dict[str, Any]:
    return {
        "id": 1, "name": number, "created_at": "2026-09-21T10:00:00Z", "processed_at": "2026-09-21T10:00:00Z",
        "updated_at": f"{iso(at)}Z", "currency": "CNY", "financial_status": "paid" if paid else "pending",
        "fulfillment_status": None, "total_line_items_price": decimal(2 * price), "total_price": decimal(2 * price),
        "total_outstanding": "0.00" if paid else decimal(2 * price), "total_discounts": "0.00", "total_tax": "0.00",
        "line_items": [{"id": 1, "title": "砀山酥梨", "sku": "LI-5", "quantity": 2, "price": decimal(price)}],
        "shipping_address": {**_PLACE, "province": "安徽省", "city": "合肥市", "address1": "黄山路 12 号", "country_code": "CN"},
    }  # fmt: skip


def _woo_order(number: str, at: int, price: int, paid: bool) -> dict[str, Any]:
    return {
        "id": int(number), "number": number, "status": "processing" if paid else "pending", "currency": "CNY",
        "date_created_gmt": "2026-09-21T10:00:00", "date_modified_gmt": iso(at), "total": decimal(2 * price),
        "date_paid_gmt": "2026-09-21T10:00:00" if paid else None, "payment_method": "stripe",
        "billing": {"first_name": "小明", "last_name": "王", "phone": "13812345678", "address_1": "黄山路 12 号", "city": "合肥市"},
        "line_items": [{"id": 1, "name": "砀山酥梨", "sku": "LI-5", "quantity": 2, "subtotal": decimal(2 * price), "total": decimal(2 * price)}],
    }  # fmt: skip


def _youzan_order(number: str, at: int, price: int, paid: bool) -> dict[str, Any]:
    local = datetime.fromtimestamp(at + 8 * 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {"full_order_info": {
        "order_info": {"tid": number, "status": "WAIT_SELLER_SEND_GOODS" if paid else "WAIT_BUYER_PAY", "express_type": 0,
                       "created": "2026-09-21 10:00:00", "update_time": local, "pay_time": "2026-09-21 10:00:00" if paid else "",
                       "refund_state": 0},
        "pay_info": {"total_fee": decimal(2 * price), "post_fee": "0.00", "payment": decimal(2 * price)},
        "address_info": {"receiver_name": "王小明", "receiver_tel": "13812345678", "delivery_province": "安徽省",
                         "delivery_city": "合肥市", "delivery_district": "蜀山区", "delivery_address": "黄山路 12 号"},
        "orders": [{"oid": "1", "title": "砀山酥梨", "outer_sku_id": "LI-5", "num": 2, "price": decimal(price),
                    "total_fee": decimal(2 * price), "payment": decimal(2 * price)}],
    }}  # fmt: skip


def _wechat_order(number: str, at: int, price: int, paid: bool) -> dict[str, Any]:
    return {"errcode": 0, "order": {
        "order_id": number, "status": 20 if paid else 10, "create_time": 1_789_000_000, "update_time": at,
        "order_detail": {
            "product_infos": [{"sku_id": "1", "sku_code": "LI-5", "title": "砀山酥梨", "sku_cnt": 2, "sale_price": price}],
            "price_info": {"product_price": 2 * price, "order_price": 2 * price, "freight": 0},
            "pay_info": {"pay_time": 1_789_000_100} if paid else {},
            "delivery_info": {"deliver_method": 0, "address_info": {
                "user_name": "王小明", "tel_number": "13812345678", "province_name": "安徽省", "city_name": "合肥市",
                "county_name": "蜀山区", "detail_info": "黄山路 12 号"}},
        },
    }}  # fmt: skip


def _payment(number: str, at: int, price: int, paid: bool) -> dict[str, Any]:
    return {
        "mchid": "1900000001", "appid": "wx1", "out_trade_no": number, "transaction_id": "42", "trade_type": "JSAPI",
        "trade_state": "SUCCESS" if paid else "NOTPAY", "success_time": f"{iso(at)}+00:00",
        "amount": {"total": 2 * price, "payer_total": 2 * price, "currency": "CNY", "payer_currency": "CNY"},
    }  # fmt: skip


_ORDERS = {
    "shopify": _shopify_order, "woocommerce": _woo_order, "youzan": _youzan_order, "wechat": _wechat_order,
    "wechat_pay": _payment,
}  # fmt: skip
