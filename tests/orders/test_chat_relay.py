"""Relays of chat groups: prices and the place stand above, an order per number below."""

from tocsin.orders.importer import ImportOptions, Source, parse_source

RELAY = """#接龙
周六团购
苹果 5斤装 39.9元/份
砀山酥梨：20元
自提点：阳光小区东门

1. 张三 13800138000 苹果 5斤装 x2
2、李四 13900139000 苹果x1 砀山酥梨x2
备注：晚上取
3. 王五 13700137000 黄山路 2 号 砀山酥梨×1@18
4. 赵六 砀山酥梨×1
5. 陈七 13600136000 香蕉×1
"""


def test_a_relay_has_its_prices_and_its_place_above_and_an_order_per_number():
    parsed = parse_source(Source("", "text/plain", RELAY.encode()), ImportOptions(), "pasted")
    found = [
        (each.row, each.draft.receiver.name, each.draft.receiver.address, each.draft.delivery,
         [(line.title, line.quantity_micro / 1e6, line.unit_price_micro / 1e6) for line in each.draft.lines])
        for each in parsed.orders
    ]  # fmt: skip
    assert found == [
        (7, "张三", "阳光小区东门", "pickup", [("苹果", 2, 39.9)]),
        (8, "李四", "阳光小区东门", "pickup", [("苹果", 1, 39.9), ("砀山酥梨", 2, 20)]),
        (10, "王五", "阳光小区东门 黄山路 2 号", "pickup", [("砀山酥梨", 1, 18)]),
    ]
    assert parsed.orders[1].draft.receiver.buyer_note == "晚上取"
    assert [(bad.row, bad.code) for bad in parsed.bad] == [
        (11, "phone_missing"),
        (12, "relay_goods_unlisted"),
    ]
