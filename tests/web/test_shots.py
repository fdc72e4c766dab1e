"""No picture of docs/shots is old: each page has the outline it had when its picture was taken."""

from PIL import Image

from tests.telling import assert_none
from tests.web import shots
from tests.web.outline import outline
from tests.web.samples import SAMPLES
from tests.web.samples_english import ENGLISH
from tests.web.shots import FOLDER, OUTLINES, PAGES, is_whole, old, outlines, page_of, pictured, whole

AGAIN = "run .venv/bin/python -m tests.web.gallery --docs"


def test_no_picture_is_old() -> None:
    """Each page is rendered anew and its outline compared: a changed heading, field, column or style fails here."""
    stale = old(OUTLINES.read_text("utf-8"), outlines(pictured()))
    assert_none(stale, f"pages that no longer look as in docs/shots: {AGAIN}")


def test_each_page_has_its_pictures_and_they_are_small() -> None:
    """Every template that is a whole page is shown; the folder holds nothing else and stays under 4 MB."""
    pictures = pictured()
    shown = {SAMPLES[name][0] for name in pictures}
    assert_none(sorted({SAMPLES[name][0] for name in SAMPLES if is_whole(name)} - shown))
    assert {*shots.MORE, *shots.PHONE} <= pictures.keys()
    wanted = {shot.path: shot for one in pictures.values() for shot in one}
    assert {*FOLDER.glob("*.webp")} == wanted.keys(), AGAIN
    sizes = {path: path.stat().st_size for path in wanted}
    assert max(sizes.values()) < 80_000 and sum(sizes.values()) < 4_000_000
    widths = {(shot.size, Image.open(path).width) for path, shot in wanted.items()}
    assert widths == {("pc", 1440), ("phone", 390)}


def test_the_list_of_pages_is_that_of_the_pictures() -> None:
    assert PAGES.read_text("utf-8") == page_of(pictured()), AGAIN


def test_a_change_is_told_of_the_pages_that_show_it(monkeypatch) -> None:
    """A field taken from one page names that page alone; what stands around many, or their style, names them all."""
    names = ["orders", "held", "sign_in"]
    stored = outlines(names)
    assert whole(stored).keys() == {*names} and old(stored, outlines(names)) == []
    template, context = SAMPLES["held"]
    monkeypatch.setitem(SAMPLES, "held", (template, {**context, "rows": context["rows"][:1]}))
    assert old(stored, outlines(names)) == ["held"]
    assert old(stored, outlines(["orders", "held"])) == ["held", "sign_in"]
    monkeypatch.undo()
    monkeypatch.setitem(ENGLISH, "单价为 0，未标为赠品", "Other words")
    assert old(stored, outlines(names)) == ["held"], "words in running text count too"
    monkeypatch.undo()
    template, context = SAMPLES["orders"]
    fewer = {**context, "shell": {**context["shell"], "problem_count": 0}}
    monkeypatch.setitem(SAMPLES, "orders", (template, fewer))
    assert old(stored, outlines(names)) == ["orders"], "what is around held is still what it was"
    monkeypatch.undo()
    assert old(stored, stored.replace("button Sign out", "button Leave")) == ["held", "orders"]
    monkeypatch.setattr(shots, "look", lambda: "other")
    assert old(stored, outlines(names)) == sorted(names)


def test_an_outline_says_roles_and_names() -> None:
    """What is hidden or drawn is left out, equals are counted, a table tells its columns and what a row offers."""
    around, main = outline(
        "<!doctype html><nav aria-label=Desk><a href=/>Orders</a></nav><main><h1>One <kbd>k</kbd></h1><p hidden><a>no</a></p>"
        "<form method=post action=/a><input type=hidden name=csrf><label for=r>Reason</label><input id=r name=reason>"
        "<label>Ask <select name=ask><option>x</select></label><button>Go<svg><title>x</title></svg></button></form>"
        "<table><caption>Papers</caption><thead><tr><th>At</th><th></th></tr></thead><tbody><tr><td>1</td></tr><tr><td><a class='b s'>Void</a></td>"
        "</tr></tbody></table><dl><dt>State</dt><dd>x</dd></dl><h2>Same</h2><h2>Same</h2></main>"
    )
    assert around == ["nav Desk", "  link Orders"]
    assert main == [
        "h1 One k", "form post /a", "  text Reason (reason)", "  select Ask (ask)", "  button Go",
        "table Papers: At | · (2 rows)", "  link-button Void", "facts: State", "h2 Same ×2",
    ]  # fmt: skip
