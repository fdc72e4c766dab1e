"""The page of a merchant's own rules."""

from tests.web.pages import Pages, text_of


def test_rules_are_kept_shown_and_refused_with_what_was_typed(pages: Pages) -> None:
    kept = {
        "name.0": "大额",
        "level.0": "E",
        "query.0": "method:cod amount:>50",
        "message.0": "先打电话",
        "revision": "0",
    }
    for role, status in (("clerk", 403), ("", 303)):
        assert pages.get("/settings/own-rules", role=role).status_code == status
    assert pages.post("/settings/own-rules", role="clerk", **kept).status_code == 403
    wrong = pages.post("/settings/own-rules", **{**kept, "query.0": "stat:x"})
    assert wrong.status_code == 422 and 'value="stat:x"' in wrong.text and "state" in wrong.text
    assert pages.post("/settings/own-rules", **kept).status_code == 303
    assert 'value="method:cod amount:&gt;50"' in text_of(pages.get("/settings/own-rules")).replace(
        "&#62;", "&gt;"
    )
    assert pages.post("/settings/own-rules", **kept).status_code == 409, "somebody was faster"
    assert pages.post("/settings/own-rules", revision="1", **{"name.0": ""}).status_code == 303
    assert "先打电话" not in text_of(pages.get("/settings/own-rules"))
