"""The journal in words: each verb that the source writes has its own, and a page shows no code and no id."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import tocsin
from tests.house import make_draft
from tests.source import tree_of
from tests.telling import assert_none
from tests.web.pages import Pages
from tocsin.orders.stop import open_hold
from tocsin.web.journal_words import VERBS

SOURCE = Path(tocsin.__file__).parent


def verbs_written(path: Path) -> Iterator[str]:
    """Yield each verb that a module gives to something, as a pattern: a literal, a constant, or a composed text."""
    tree = tree_of(path)
    named = {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    given = [
        word.value for call in ast.walk(tree) if isinstance(call, ast.Call) for word in call.keywords if word.arg == "verb"
    ]  # fmt: skip
    for one in given:
        found = named.get(one.id, one) if isinstance(one, ast.Name) else one
        for text in (found.body, found.orelse) if isinstance(found, ast.IfExp) else (found,):
            parts = text.values if isinstance(text, ast.JoinedStr) else [text]
            told = [
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in parts
            ]
            if r"\." in "".join(told):
                yield "".join(told)


def test_each_verb_that_is_written_has_words() -> None:
    written = {verb: path.name for path in SOURCE.rglob("*.py") for verb in verbs_written(path)}
    assert len(written) > 100
    unsaid = [
        f"{path}: {verb}"
        for verb, path in written.items()
        if not any(re.fullmatch(verb, each) for each in VERBS)
    ]
    assert_none(unsaid, "Say it in web/journal_words.py.")


def test_the_journal_and_the_timeline_say_what_was_done_in_words(pages: Pages) -> None:
    order, actor = pages.take(make_draft()), pages.actor()
    pages.db.write(
        order.merchant_id,
        lambda tx: open_hold(tx, actor, order_id=order.id, revision=1, kind="manual", reason="wait"),
    )
    pages.post(f"/orders/{order.number}/reveals", field="phone", purpose="call_customer")
    journal, timeline = pages.get("/journal"), pages.get(f"/orders/{order.number}/timeline")
    said = re.sub(r'title="[^"]*"', "", journal.text)
    assert (
        "Opened in full text" in journal.text
        and "Opened in full text" in timeline.text
        and "Held by hand" in said
    )
    assert not re.search(
        r"\b(orders|tickets|access)\.[a-z]+|\d{15}", said.partition("<tbody>")[2].partition("</tbody>")[0]
    )
    assert "orders.reveal" not in timeline.text
    assert "Opened in full" in pages.get("/journal?verb=full+text").text
