"""Words: every text of the pages has its Chinese, and what has none is shown in English."""

import re

from babel.messages.extract import extract_from_dir

from tests.telling import assert_none
from tocsin.web.page import TEMPLATE_DIR, render
from tocsin.web.words import LOCALES, Words

_place = re.compile(r"%\(\w+\)s")


def texts_of_the_pages() -> list[tuple[str, str]]:
    """Return (msgid, template) of each text in the templates."""
    found = extract_from_dir(
        TEMPLATE_DIR,
        method_map=[("**.html", "jinja2.ext:babel_extract")],
        options_map={"**.html": {"trim_blocks": "true", "extensions": "jinja2.ext.i18n,jinja2.ext.do"}},
    )
    return [(text if isinstance(text, str) else text[0], name) for name, _, text, _, _ in found]


def test_each_text_of_the_pages_has_its_chinese() -> None:
    """A text without one is named with its template."""
    words, texts = Words("zh_CN"), texts_of_the_pages()
    assert len(texts) > 300
    assert_none(
        sorted({f"{name}: {text}" for text, name in texts if text not in words}), "Add them to tocsin.po."
    )


def test_a_translation_keeps_the_places_of_its_data() -> None:
    """Chinese that lost a %(name)s would show less than English."""
    words = Words("zh_CN")
    wrong = []
    for text, _ in texts_of_the_pages():
        lost = set(_place.findall(text)) - set(_place.findall(words.translate(text)))
        wrong += [f"{text}: {sorted(lost)}"] if lost else []
    assert_none(wrong)


def test_an_unknown_text_or_locale_reads_english() -> None:
    assert Words("zh_CN").translate("never seen") == "never seen"
    assert Words("xx").locale == "en"
    assert Words("en").translate("Held") == "Held"
    assert "anything" in Words("en")


def test_counted_texts_take_the_form_of_their_number() -> None:
    one, many = "One finding", "%(num)s findings"
    assert [Words("en").translate_count(one, many, n) for n in (1, 2)] == [one, many]
    assert Words("zh_CN").translate_count(one, many, 2) == "%(num)s 项核对结果"


def test_a_page_says_its_language() -> None:
    shell = {"path": "/", "csrf_token": "x", "theme": "dark"}
    context = {"shell": shell, "form": {}, "errors": {}, "notice": "", "back": ""}
    pages = {locale: render("access/name.html", locale=locale, **context) for locale in LOCALES}
    assert 'lang="zh-CN"' in pages["zh_CN"] and "登录" in pages["zh_CN"]
    assert 'lang="en"' in pages["en"] and "Sign in" in pages["en"]
