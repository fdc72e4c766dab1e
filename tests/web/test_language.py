"""Languages: nothing on a page stays English in another one, and one more language is one more folder."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.source import tree_of
from tests.telling import assert_none
from tests.web.pages import Pages
from tests.web.pseudo import data_of, left_in_english, other_locale
from tests.web.samples import SAMPLES
from tocsin.core.words import LOCALE_DIR, choose_locale
from tocsin.web.page import render
from tocsin.web.words import LOCALES, Words

_SENTENCE = re.compile(r"[a-z]{2,} [a-z]{2,}|^[A-Z][a-z]+( |$)")
_FOR_BUILDERS = {"style.html"}
"""The page that shows each component by the names that its code has; nobody else opens it."""
_PEOPLE = ["li", "lin", "sun", "wang", "wangmin", "zhao", "zhou"]
_NAMES = [*_PEOPLE, "admin", "root", "test", "pears", "web"]
"""Names that the samples' people have chosen for themselves, their decoys and their connections."""


_NO_TEXT = {
    *(
        "Tocsin",
        "Tocsin desk ",
        "Configuration",
        "Tasmota",
        "Basic",
        "Bearer ",
        "Authorization",
        "Online",
        "Entry",
    ),
    *("Edg", "Edge", "Opera", "Firefox", "Chrome", "Safari", "Android", "Windows", "Mac OS", "Linux"),
    *(
        "Slash",
        "Escape",
        "Esc",
        "Enter",
        "Ctrl K",
        "Ctrl ↵",
        "Alt 1 … 9",
        "Payment | None",
        "Fulfilment | None",
        "Setting",
        "Set",
    ),
    *(
        "state:produced held:no",
        "state:printed fulfilment:unfulfilled",
        "tocsin station enrol --server ",
        '"use strict";\n',
    ),
    *(
        " can't be joined: write its imports and exports as the others do",
        "notice code",
        "siren leaves",
        "exclusively lock",
        "timed out",
    ),
    *("Bad user name or password", "Not authorized", "Modbus exception "),
    *("too old to print unseen", "the order has changed", "by hand", "released on the page"),
}
"""Names of products, keys, headers and types; queries; what a build or a device's library says; codes with words of their own."""


def texts_known() -> set[str]:
    """Return the msgids of the catalogue, those of more than one as well."""
    with (LOCALE_DIR / "zh_CN" / "LC_MESSAGES" / "tocsin.po").open("rb") as file:
        return {
            text
            for one in read_po(file)
            for text in ([one.id] if isinstance(one.id, str) else one.id)
            if text
        }


def sentences() -> list[tuple[str, str]]:
    """Return (text, where) of each literal that reads like one: two words, or one that begins with a capital."""
    found, chapters = [], ("web", "alarm")
    for path in sorted(path for chapter in chapters for path in (LOCALE_DIR.parent / chapter).rglob("*.py")):
        tree = tree_of(path)
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            (node.value, f"{path.name}:{node.lineno}")
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said and _SENTENCE.search(node.value)
        ]  # fmt: skip
    assert len(found) > 1000
    return found


def test_no_text_of_a_page_stays_english(tmp_path: Path) -> None:
    """Every sample in a language that brackets its texts: Latin words outside are named, unless the page was given them."""
    with other_locale(tmp_path) as code:
        left = {
            f"{template}: {text[:90]}"
            for template, context in SAMPLES.values()
            if template not in _FOR_BUILDERS
            for text in left_in_english(
                render(template, locale=code, **context), data=[*data_of(context), *_NAMES]
            )
        }
    assert_none(sorted(left), "Write them as _(…), or in a <code> or .mono where they are codes.")


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Nobody is here</p>", '<input aria-label="Name of it">', '<button title="Do it"></button>', "<p>⟦Sent⟧ today</p>", '<p data-copy="Copied"></p>',
        '<body data-words=\'{"yes": "Yes", "no": "⟦No⟧"}\'>', '<input type="submit" value="Send">', "<b lang='en'>English</b> text", "<p>{{ one.state }}: held</p>",
    ],
)  # fmt: skip
def test_a_planted_text_is_found(planted: str) -> None:
    assert left_in_english(planted, data=["Asia/Shanghai"])


def test_what_is_translated_data_or_code_is_not_found() -> None:
    html = """<p title="⟦Look at ⟦Held⟧⟧">⟦Held⟧ 3 · 王强 · DL-2020-1</p><code>tocsin serve</code><b class="sub mono">a_b <b>c_d</b></b>
    <b lang="en">English</b><i data-key="KeyG KeyO" data-words='{"yes": "⟦Yes⟧"}'>80 mm</i><time>Nov 3</time>"""
    assert not left_in_english(html, data=["DL-2020-1"])
    assert [*data_of({"a": ["held", "Jack", {"b": ("HF-1",)}]})] == ["Jack", "HF-1"], "a code is no datum"


def test_one_more_language_is_one_more_folder(tmp_path: Path, pages: Pages) -> None:
    """It is offered under its own name, asked for, kept, liked by browsers; what it lacks reads English."""
    with other_locale(tmp_path, "ar") as code:
        assert [*LOCALES.items()] == [("ar", "العربية"), ("zh_CN", "中文"), ("en", "English")]
        page = pages.get(f"/orders?locale={code}").text
        assert '<html lang="ar" dir="rtl"' in page and "⟦Orders⟧" in page
        assert '<button name="locale" value="ar" lang="ar" aria-current="true">' in page
        assert "SAMPLE-1" in pages.get(f"/start/sample.csv?locale={code}", role="owner").text, (
            "what it lacks reads English"
        )
        pages.post("/settings/locale", locale=code, back="/orders")
        assert "⟦Orders⟧" in pages.get("/screens").text, "the operator's own"
        assert choose_locale([], accepted="de, ar-EG;q=0.8, en;q=0.5", otherwise="en") == "ar"
        one, many = "One finding", "%(num)s findings"
        words = Words(code)
        assert len({words.translate_count(one, many, n) for n in (0, 1, 2, 3, 11, 100)}) == 6
        assert words.translate("never seen") == "never seen"
    assert [*LOCALES] == ["zh_CN", "en"] and 'lang="en"' in render(
        "error.html", locale="ar", **SAMPLES["error"][1]
    )


def test_a_browser_chooses_among_the_languages_of_the_desk() -> None:
    def chosen(accepted: str, *wanted: str) -> str:
        return choose_locale(wanted, accepted=accepted, otherwise="zh_CN")

    assert [chosen(one) for one in ("", "zh", "zh-TW,zh;q=0.9", "en-GB", "fr, de;q=0.5", "fr;q=x, *")] == [
        "zh_CN", "zh_CN", "zh_CN", "en", "en", "en",
    ]  # fmt: skip
    assert chosen("fr;q=0.9, zh-HK;q=0.8, en;q=0.7") == "zh_CN" and chosen("zh;q=0, en;q=0.1") == "en"
    assert chosen("zh", "", "xx", "en") == "en", "what is wanted comes first, where the desk has it"


def test_each_sentence_of_the_code_is_a_text() -> None:
    """Literals of the pages' and the alarm's code that read like sentences are in the catalogue, or need no language."""
    known = texts_known()
    assert_none(sorted({f"{where}: {text}" for text, where in sentences() if text not in known | _NO_TEXT}))
