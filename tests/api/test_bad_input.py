"""What breaks programs, over a real socket: equal back or refused with a reason; never a fault, never changed in silence."""

import json
from collections import Counter
from typing import Any

import httpx

from tests.api.bad_json import Case, every_case
from tests.api.comparing import TextOf, differences, unescaped
from tests.api.naughty import KINDS, STRINGS, kept
from tests.api.wire import Wire, fault_of
from tocsin.core.text import read_name

JSON = {"content-type": "application/json"}
OF_ORDER = (
    "external_status", "campaign", "merchant_note", "carrier", "waybill", "pickup_point", "community", "group_no"
)  # fmt: skip
OF_RECEIVER = ("name", "phone", "province", "city", "district", "address", "postcode", "buyer_note")
OF_LINE = ("title", "sku", "spec", "unit")


def judge(case: Case, answer: httpx.Response, back: dict[str, Any] | None) -> str:
    """Return what is wrong with the answer to a case, and with what is read back of it."""
    if fault := fault_of(answer):
        return fault
    if answer.status_code >= 400:
        return "refused, and it is sound" if case.must == "equal" else ""
    if case.must == "refused":
        return "taken"
    line = (back or {}).get("lines", [{}])[0]
    same = line.get("title") == case.text and line.get("quantity", "1") == case.quantity
    return "" if same else f"changed in silence: {line}"


def test_json_of_every_kind_is_refused_or_reads_back_as_it_was(wire: Wire) -> None:
    wrong, answers = [], Counter[str]()
    for case in every_case():
        answer = wire.ask("POST", "/orders", content=case.body, headers=JSON)
        taken = answer.status_code == 201
        back = wire.ask("GET", f"/orders/{answer.json()['number']}").json() if taken else None
        answers[f"{case.must} {answer.status_code}"] += 1
        if fault := judge(case, answer, back):
            wrong.append((case.name, fault))
    assert wrong == [], answers
    assert sum(answers.values()) >= 250 and answers["equal 201"] >= 30 and answers["either 201"] >= 5
    assert set(answers) <= {
        "equal 201",
        "either 201",
        "either 422",
        "either 400",
        "refused 400",
        "refused 422",
    }


def test_the_judge_sees_a_fault_and_a_changed_character() -> None:
    sound = Case("planted", b"", "equal", "梨\u0301")
    good = {"lines": [{"title": "梨\u0301", "quantity": "1"}]}
    ok = httpx.Response(201, json={})
    assert judge(sound, ok, good) == ""
    assert "changed" in judge(sound, ok, {"lines": [{"title": "梨", "quantity": "1"}]})
    assert judge(sound, httpx.Response(500, json={}), None).startswith("500")
    assert "no JSON" in judge(sound, httpx.Response(400, text="<html>"), None)
    assert judge(Case("planted", b"", "refused"), ok, good) == "taken"
    assert "without a reason" in fault_of(httpx.Response(422, json={"code": "x"}))
    assert differences({"a": "<b"}, {"a": "b"}) == ["a: 'b' is not '<b'"]
    assert unescaped(
        "<p title='&lt;script&gt;1&lt;/script&gt;'><script>1</script></p>", {"<script>1</script>"}
    )
    assert not unescaped("<p>&lt;script&gt;1&lt;/script&gt;</p>", {"<script>1</script>"})


def test_strings_of_every_kind_come_back_from_every_field_of_an_order(wire: Wire) -> None:
    orders = [order_of(place, text) for place, text in enumerate(STRINGS)]
    every = {"external_id": "every", "lines": [line_of(place, text) for place, text in enumerate(STRINGS)]}
    body = "\n".join(json.dumps(one) for one in [*orders, every])
    answer = wire.ask(
        "POST",
        "/orders/import?channel=naughty",
        content=body,
        headers={"content-type": "application/x-ndjson"},
    )
    assert (answer.status_code, answer.json()["counts"]["new"], answer.json()["bad_rows"]) == (
        200,
        len(orders) + 1,
        [],
    )
    found, wrong = exported(wire, "channel:naughty"), []
    for one in [*orders, every]:
        wrong += differences(kept_of(one), found.get(kept(one["external_id"]), {}))
    assert wrong == []
    assert len(STRINGS) >= 400 and len(KINDS) >= 15
    numbers = {row["number"] for row in answer.json()["rows"]}
    page = wire.client.get(f"/orders/{answer.json()['rows'][-1]['number']}")
    assert page.status_code == 200 and len(numbers) == len(orders) + 1
    assert unescaped(page.text, {text for text in STRINGS if "<" in text}) == []
    shown = " ".join(TextOf(page.text).text.split())
    assert [text for text in KINDS["html"] + KINDS["templates"] if " ".join(text.split()) not in shown] == []


def test_strings_of_every_kind_come_back_from_every_field_of_an_amendment(wire: Wire) -> None:
    base = {"external_id": "amended", "channel": "amended", "lines": [{"title": "a", "unit_price": "1"}]}
    number, seen = wire.ask("POST", "/orders", json=base).json()["number"], 1
    wrong, answers = list[object](), Counter[str]()
    for place, text in enumerate(chosen(wire, each_of=4)[:: 1 if wire.database_url else 4]):
        change = changes_of(place, text)
        sent = {"seen": seen, "reason": f"because {text[:400]}", "changes": change}
        answer = wire.ask("POST", f"/orders/{number}/amendments", json=sent)
        answers[str(answer.json().get("code", "amended"))] += 1
        if fault := fault_of(answer):
            wrong.append((text[:40], fault))
        elif answer.status_code == 201:
            seen = answer.json()["revision"]
            found = exported(wire, "channel:amended")["amended"] if place % 5 == 0 else kept_of(change)
            wrong += differences(kept_of(change), found)
    assert wrong == [] and set(answers) <= {"amended", "nothing_changed", "masked_value"}, answers
    assert answers["amended"] > 2 * answers["nothing_changed"]


def test_a_text_too_long_for_its_field_is_refused_by_its_name(wire: Wire) -> None:
    for field in OF_ORDER:
        for text in KINDS["long"]:
            answer = wire.ask("POST", "/orders", json={field: text, "lines": [{"title": "a"}]})
            taken = field == "merchant_note"
            assert answer.status_code == (201 if taken else 422), (field, len(text), answer.text)
            assert taken or answer.json()["field"] == field
    made = wire.ask("POST", "/orders", json={"lines": [{"title": "a"}]}).json()["number"]
    for change in (
        {"merchant_note": "x" * 8_001},
        {"receiver": {"name": "x" * 8_001}},
        {"campaign": "x" * 201},
    ):
        sent = {"seen": 1, "reason": "r", "changes": change}
        answer = wire.ask("POST", f"/orders/{made}/amendments", json=sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "draft_wrong"), answer.text
    screen = wire.ask("POST", "/screens", json={"name": "n", "filter": {}, "columns": ["payable", "secret"]})
    assert (screen.status_code, screen.json()["code"]) == (422, "screen_column_unknown"), (
        "none is left out in silence"
    )
    for field in OF_RECEIVER:
        answer = wire.ask(
            "POST", "/orders", json={"receiver": {field: "x" * 8_001}, "lines": [{"title": "a"}]}
        )
        assert (answer.status_code, answer.json()["field"]) == (422, f"receiver.{field}")


def test_strings_of_every_kind_are_looked_up_and_name_things(wire: Wire) -> None:
    wrong: list[tuple[str, str, str]] = []
    answers = Counter[str]()

    def tell(door: str, text: str, answer: httpx.Response, back: str | None = None) -> None:
        answers[f"{door} {answer.status_code}"] += 1
        if fault := fault_of(answer):
            wrong.append((door, text[:40], fault))
        elif back is not None and back != kept(text):
            wrong.append((door, text[:40], f"changed in silence: {back[:40]!r}"))

    for text in chosen(wire, each_of=6):
        tell("search", text, wire.ask("GET", "/orders", params={"q": text[:2_000]}))
    sent = wire.client.post(
        "/profiles/columns", files={"sheet": ("x.csv", "流水,谁\nN-1,李慧\n")}, data={"csrf": wire.csrf}
    )
    assert sent.status_code == 303, "a sheet whose columns nobody knows: its page names it again and again"
    sheet = sent.headers["location"]
    for text in chosen(wire, each_of=2)[::8]:  # names are read by one function, which is asked of all below
        made = wire.ask("POST", "/screens", json={"name": text, "filter": {}})
        back = (
            wire.ask("GET", f"/screens/{made.json()['id']}").json()["name"]
            if made.status_code == 201
            else None
        )
        tell("screen", text, made, back)
        tell(
            "screen's query",
            text,
            wire.ask("POST", "/screens", json={"name": "n", "filter": {"query": text}}),
        )
        plan = {"kind": "vote", "title": text, "code": f"c{len(answers)}{sum(answers.values())}"}
        tell("campaign", text, wire.ask("POST", "/campaigns", json=plan))
        tell(
            "campaign's code", text, wire.ask("POST", "/campaigns", json={**plan, "code": text, "title": "t"})
        )
        hook = wire.ask(
            "POST", "/connections", json={"kind": "woocommerce", "name": text, "keys": {"secret": text}}
        )
        tell("connection", text, hook, hook.json()["connection"]["name"] if hook.status_code == 201 else None)
        told = wire.ask("POST", "/webhooks", json={"name": text, "url": "https://example.com/in"})
        tell("webhook", text, told)
        if told.status_code == 201:
            wire.ask("DELETE", f"/webhooks/{told.json()['id']}")
        page = wire.form(sheet, name=text, channel=text)
        assert page.status_code == 422 and unescaped(page.text, {text} if "<" in text else set()) == [], text
        tell("hold", text, wire.ask("POST", "/orders/none/holds", json={"reason": text}))
    assert wrong == [], answers
    titles = {one["title"] for one in wire.ask("GET", "/campaigns").json()}
    assert titles <= {kept(text) for text in STRINGS} | {"t"}
    for path in ("/screens", "/campaigns", "/settings/connections", "/settings/webhooks", "/profiles"):
        page = wire.client.get(path)
        assert (
            page.status_code == 200 and unescaped(page.text, {text for text in STRINGS if "<" in text}) == []
        ), path


def test_a_name_is_kept_clean_or_refused() -> None:
    plain = {text: kept(text) if len(kept(text)) <= 80 else "" for text in STRINGS}
    assert [text for text in STRINGS if read_name(text, most=80) != plain[text]] == []


def chosen(wire: Wire, *, each_of: int) -> list[str]:
    """Return all strings on SQLite, some of each kind on PostgreSQL: there only what is stored differs."""
    return [text for place, text in enumerate(STRINGS) if not wire.database_url or place % each_of == 0]


def short_of(text: str) -> dict[str, str]:
    """Return a text in each field of an order's own that takes it: only notes may be long."""
    return dict.fromkeys(OF_ORDER if len(text) <= 200 else ("merchant_note",), text)


def order_of(place: int, text: str) -> dict[str, Any]:
    own = f"{place} {text}" if len(text) < 90 else str(place)
    return {
        "external_id": own, **short_of(text), "receiver": dict.fromkeys(OF_RECEIVER, text),
        "lines": [{**line_of(place, text), "line_id": "1"}],
    }  # fmt: skip


def changes_of(place: int, text: str) -> dict[str, Any]:
    """Return an amendment that sets each field that may be amended."""
    fixed = ("external_status", "group_no")
    own = {name: value for name, value in short_of(text).items() if name not in fixed}
    receiver = {} if "*" in text or "＊" in text else {"receiver": dict.fromkeys(OF_RECEIVER, text)}
    return {**own, **receiver, "lines": [{**line_of(place, text), "line_id": "1"}]}


def line_of(place: int, text: str) -> dict[str, str]:
    return {**dict.fromkeys(OF_LINE, text), "line_id": f"{place} {text[:50]}", "unit_price": "1"}


def kept_line(line: dict[str, str]) -> dict[str, str]:
    return {name: kept(text) for name, text in line.items()}


def kept_of(order: dict[str, Any]) -> dict[str, Any]:
    plain = {name: kept(value) for name, value in order.items() if isinstance(value, str)}
    if "receiver" in order:
        plain["receiver"] = kept_line(order["receiver"])
    return {**plain, "lines": [kept_line(line) for line in order["lines"]]}


def exported(wire: Wire, query: str) -> dict[str, dict[str, Any]]:
    """Return all orders with their real text, by their ids outside."""
    answer = wire.ask(
        "GET", "/orders/export", params={"format": "jsonl", "query": query, "real": "true", "reason": "test"}
    )
    assert answer.status_code == 200, answer.text
    found = (json.loads(line) for line in answer.content.decode().split("\n") if line)
    return {one["external_id"]: one for one in found}
