"""One table of keys: the dialog, the documentation, the scripts and the pages' `data-key` agree with it."""

import re
from itertools import chain
from pathlib import Path

from tests.telling import assert_none
from tests.web.samples import SAMPLES
from tocsin.core.actor import ROLES
from tocsin.web.keymap import KEYMAP
from tocsin.web.page import TEMPLATE_DIR, render
from tocsin.web.places import PLACES
from tocsin.web.words import LOCALES, Words

KEYS = list(chain.from_iterable(KEYMAP.values()))
SCRIPTS = "".join(path.read_text("utf-8") for path in (TEMPLATE_DIR.parent / "static/js").glob("*.js"))
# What each script that obeys a key must know of it.
IN_SCRIPT = {"Alt+Digit1": "Digit|Numpad", "Ctrl+Enter": '"Enter"'}


def keys_of_the_pages() -> dict[str, set[str]]:
    """Return the keys of all samples, each with what the page shows beside it."""
    found: dict[str, set[str]] = {}
    for template, context in SAMPLES.values():
        html = render(template, locale="en", **context)
        for code, rest in re.findall(
            r'data-key="([^"]+)"[^>]*>(.*?)(?=</a>|</button>|</summary>|<datalist)', html, re.S
        ):
            found.setdefault(code, set()).update(re.findall(r"<kbd[^>]*>(.*?)</kbd>", rest))
        if 'data-key="Slash"' in html:
            found.setdefault("Slash", set())
    return found


def test_each_key_of_the_pages_is_in_the_table_and_each_of_the_table_on_a_page() -> None:
    found, table = keys_of_the_pages(), {key.code: key for key in KEYS}
    assert_none(sorted(found.keys() - table.keys()), "Add them to web/keymap.py.")
    assert_none(key.code for key in KEYS if key.by == "page" and key.code not in found)
    assert_none(
        f"{code}: {shown}"
        for code, all_shown in found.items()
        for shown in all_shown
        if shown.lower() != table[code].shown.lower()
    )


def test_each_key_of_a_script_is_in_it() -> None:
    assert_none(
        key.code
        for key in KEYS
        if key.by == "script" and IN_SCRIPT.get(key.code, f"{key.code}") not in SCRIPTS
    )


def test_a_code_stands_once_and_each_place_has_its_letter() -> None:
    codes = [key.code for key in KEYS]
    assert_none(sorted({code for code in codes if codes.count(code) > 1}))
    assert len({place.key for place in PLACES}) == len(PLACES)
    assert {key.code for key in KEYMAP["Go to"]} == {f"KeyG {place.key}" for place in PLACES}


def test_the_dialog_and_the_documentation_say_the_whole_table() -> None:
    template, context = SAMPLES["orders"]
    told = Path("docs/keys.md").read_text("utf-8")
    for locale in LOCALES:
        html, words = render(template, locale=locale, **context), Words(locale)
        dialog = html.split('id="keys"')[1].split("</dialog>")[0]
        shown = set(re.findall(r"<kbd>(.*?)</kbd></dt><dd>(.*?)</dd>", dialog))
        assert shown == {(key.shown, words.translate(key.word)) for key in KEYS}
        assert_none(
            key.code
            for key in KEYS
            if f"`{key.shown}` |" not in told or words.translate(key.word) not in told
        )


def test_the_dialog_offers_no_place_that_one_may_not_see() -> None:
    template, context = SAMPLES["orders"]
    seen = {**context["shell"], "rights": ROLES["checker"]}
    dialog = render(template, locale="en", **{**context, "shell": seen}).split('id="keys"')[1]
    assert "g o" in dialog and "g i" not in dialog
