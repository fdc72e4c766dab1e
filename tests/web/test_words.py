"""Words: every text of the pages has its Chinese, and what has none is shown in English."""

import ast
import re
from collections import Counter
from pathlib import Path

from babel.messages.extract import extract_from_dir

import tocsin
from docs.make import import_everything
from tests.source import tree_of
from tests.telling import assert_none
from tocsin.access.api_key import KeyScopeRefused
from tocsin.access.operator import NameTaken
from tocsin.alarm import message, outcome
from tocsin.alarm.rule import REASONS
from tocsin.alarm.timeline import ENTRY_TEXTS
from tocsin.core.actor import NotAllowed
from tocsin.core.errors import Refusal, every_refusal
from tocsin.core.tenant import ShopWrong
from tocsin.orders.intake import DraftWrong
from tocsin.orders.reveal import PurposeMissing
from tocsin.orders.stop import Held
from tocsin.tickets.hold import HoldNotReleasable, NotUnknown
from tocsin.tickets.rule import every_message, loaded_checks
from tocsin.web import (
    access,
    desks,
    drill,
    errors,
    finger,
    fingers,
    found,
    journal_words,
    keys,
    lock_all,
    operator,
    orders,
    people,
    rights,
    screens,
    sessions,
    shell,
    wall_words,
)
from tocsin.web.keymap import KEYMAP
from tocsin.web.page import TEMPLATE_DIR, render
from tocsin.web.places import ACTIONS, PLACES, SETTINGS
from tocsin.web.say import TEXTS, _words_of_states, say
from tocsin.web.words import LOCALES, Words

SOURCE = Path(tocsin.__file__).parent
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


def texts_of_the_code() -> list[tuple[str, str]]:
    """Return (msgid, where) of each text that pages translate: refusals, findings, tables of texts, calls."""
    import_everything()
    texts = [(refusal.template(), refusal.code) for refusal in every_refusal() if refusal.__module__.startswith("tocsin")]  # fmt: skip
    texts += [(text, "finding") for text in every_message()]
    texts += [(text, "shell.DONE") for text in shell.DONE.values()]
    texts += [(title, "screens.BUILT_IN") for title, *_ in screens.BUILT_IN.values()]
    texts += [(text, "orders.EMPTY") for pair in orders.EMPTY.values() for text in pair]
    texts += [(text, "alarm.REASONS") for text in REASONS.values()]
    texts += [(text, "timeline.ENTRY_TEXTS") for text in ENTRY_TEXTS.values()]
    tables = (people.TITLES, people.WANTED, people.STEPS, drill.DAYS, drill.LINKS, drill.WARNINGS)
    texts += [(text, "people, drill") for table in tables for text in table.values()]
    texts += [(text, "drill") for text in (drill.PASSED, drill.FAILED)]
    tables = (
        message.TITLES,
        message.HEADLINES,
        message.LINES,
        message.CHANGES,
        message.STATES,
        outcome.PROBLEMS,
    )
    texts += [(text, "alarm.message") for table in tables for text in table.values()]
    texts += [
        (text, "alarm.message")
        for text in (message.HEADLINE_OTHERWISE, message.HEADLINE_OWN, message.CHANGE_OTHERWISE)
    ]
    texts += [(text, "found.REASONS") for text in found.REASONS.values()]
    texts += [(text, "rights.RIGHTS") for text in rights.RIGHTS.values()]
    texts += [(text, "keys") for text in (keys.NO_NAME, keys.NO_RIGHTS)]
    texts += [
        (text, "finger")
        for text in (
            *finger.STATES.values(),
            finger.NOT_LAID,
            *fingers.NAMES.values(),
            *fingers.RETRIES.values(),
        )
    ]
    texts += [
        (text, "fingers")
        for text in (fingers.WAITING, fingers.NOT_ANSWERED, *(said for _, said in fingers.OUTCOMES.values()))
    ]
    tables = (
        access.SAID, desks.RULES, lock_all.WHAT, operator.DAY_WORDS, operator.ENDED, sessions.METHODS
    )  # fmt: skip
    texts += [(text, "access") for table in tables for text in table.values()]
    tables = (journal_words.VERBS, journal_words.ABOUT, journal_words.NAMES)
    texts += [(text, "journal_words") for table in tables for text in table.values()]
    texts += [(text, "wall_words") for text in (*wall_words.INCIDENTS.values(), wall_words.OTHERWISE)]
    texts += [(place.word, "places") for place in (*PLACES, *SETTINGS, *ACTIONS)]
    texts += [(key.word, "keymap") for group in KEYMAP.values() for key in group]
    texts += [(group, "keymap") for group in KEYMAP]
    texts += [(text, "errors.TITLES") for text in (*errors._TITLES.values(), errors.FASTER)]
    return texts + [pair for path in Path(shell.__file__).parent.glob("*.py") for pair in translated_in(path)]


def translated_in(path: Path) -> list[tuple[str, str]]:
    """Return the texts that a module hands to `translate`, as literals or as its own constants."""
    tree = tree_of(path)
    constants = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
    }  # fmt: skip
    called = [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("translate")
    ]  # fmt: skip
    given = [
        constants.get(one.id) if isinstance(one, ast.Name) else getattr(one, "value", None) for one in called
    ]
    return [(text, path.name) for text in given if isinstance(text, str)]


def constants_given(names: set[str], *, calls: set[str] = frozenset()) -> list[tuple[str, str]]:  # type: ignore[assignment]
    """Return (text, where) of each literal that the code passes under one of some names: its own, or its table's."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = tree_of(path)
        tables = {
            node.targets[0].id: [one for one in node.value.values if isinstance(one, ast.Constant)]
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Dict)
        }  # fmt: skip
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if calls and getattr(call.func, "id", "") not in calls:
                continue
            for given in (each.value for each in call.keywords if each.arg in names):
                of_table = isinstance(given, ast.Subscript) and isinstance(given.value, ast.Name)
                literals = tables.get(given.value.id, []) if of_table else [given]  # type: ignore[attr-defined]
                literals = [given.body, given.orelse] if isinstance(given, ast.IfExp) else literals
                found += [
                    (one.value, f"{path.name}:{call.lineno}")
                    for one in literals
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
                ]
                composed = isinstance(given, ast.JoinedStr) and not calls
                found += [("a text that is composed", f"{path.name}:{call.lineno}")] if composed else []
    return found


def test_each_text_inside_a_sentence_has_its_chinese() -> None:
    """What a refusal is told as its problem or its cure is a msgid too."""
    words, texts = Words("zh_CN"), constants_given(set(TEXTS) - {"cure"}) + constants_given({"cure"}, calls={"HoldNotReleasable"})  # fmt: skip
    assert len(texts) > 12
    assert_none(
        sorted({f"{where}: {text}" for text, where in texts if text not in words}), "Add them to tocsin.po."
    )


def test_each_reason_of_a_hold_or_a_paper_has_its_words() -> None:
    texts = constants_given({"reason"}, calls={"open_hold", "_give_up", "end_job", "PrintOutcome"})
    assert len(texts) > 8
    assert_none(sorted({f"{where}: {text}" for text, where in texts if text not in found.REASONS}))


def test_each_check_has_its_word() -> None:
    assert_none(
        sorted({*loaded_checks()} - {*_words_of_states("CHECK", Words("en"))}),
        "Add it to CHECK in states.html.",
    )


def test_a_refusal_reads_chinese_to_its_last_word() -> None:
    chinese, english = Words("zh_CN"), Words("en")
    refusals: list[Refusal] = [
        DraftWrong(field="lines", problem="it is beyond 64 bits"),
        HoldNotReleasable(kind="check", cure="revise the order, a revision that passes closes it"),
        ShopWrong(field="zone", problem="choose one of the list"), NotAllowed(right="reveal"),
        Held(number="7", kinds="check, failed"), PurposeMissing(purposes="call_customer, refund"), NotUnknown(state="printed"),
        KeyScopeRefused(scopes="print, device"),
    ]  # fmt: skip
    for refusal in refusals:
        said = say(refusal.template(), refusal.data, chinese)
        shown = {str(refusal.data[name]) for name in ("field", "number") if name in refusal.data}
        left = set(re.findall(r"[A-Za-z_]{2,}", said)) - shown
        assert not left, f"{said}: {left}"
        assert "?" not in say(refusal.template(), refusal.data, english)
    assert "“Held”" in say(NameTaken.template(), {"name": "Held"}, chinese), "what people type stays"
    assert say("{a} {b}", {"a": 1}, english) == "1 ?"


def test_each_refusal_says_what_and_then_the_cure() -> None:
    """Before the colon what is wrong, after it what to do, in each language; one that only passes on another's words has theirs."""
    chinese = Words("zh_CN")
    texts_of_the_code()
    told = [one.template() for one in every_refusal() if one.__module__.startswith("tocsin")]
    told = [text for text in told if not re.fullmatch(r"\{\w+\}", text)]
    assert len(told) > 340
    both = [(text, *text.partition(": ")) for text in told]
    both += [(text, *chinese.translate(text).partition("：")) for text in told]
    assert_none([f"{text} → {what}" for text, what, _, cure in both if not what.strip() or not cure.strip()])


def test_each_text_of_the_code_has_its_chinese() -> None:
    """A refusal, a finding or a reason without one is named with where it stands."""
    words, texts = Words("zh_CN"), texts_of_the_code()
    assert len(texts) > 200
    assert_none(
        sorted({f"{where}: {text}" for text, where in texts if text not in words}), "Add them to tocsin.po."
    )


def test_chinese_of_the_code_keeps_the_places_of_its_data() -> None:
    words, place = Words("zh_CN"), re.compile(r"\{\w+\}|%\(\w+\)s")
    assert_none([
        f"{text}: {sorted(lost)}"
        for text, _ in texts_of_the_code()
        if (lost := set(place.findall(text)) - set(place.findall(words.translate(text))))
    ])  # fmt: skip


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
    context = {"shell": shell, "errors": {}, "notice": "", "back": "", "passkeys": True}
    pages = {locale: render("access/name.html", locale=locale, **context) for locale in LOCALES}
    assert 'lang="zh-CN"' in pages["zh_CN"] and "登录" in pages["zh_CN"]
    assert 'lang="en"' in pages["en"] and "Sign in" in pages["en"]


def test_no_text_has_two_translations() -> None:
    """The later one would count, in silence: two branches may each have added the text."""
    written = (SOURCE / "locale" / "zh_CN" / "LC_MESSAGES" / "tocsin.po").read_text("utf-8")
    texts = re.findall(r'^(?:msgctxt (".*")\n)?msgid ((?:".*"\n)+)', written, re.MULTILINE)
    assert len(texts) > 1000
    assert_none(re.findall(r'^msgstr ".*"\n(?:".*"\n)*msgstr .*', written, re.MULTILINE), "Two for one text.")
    assert_none([text for text, times in Counter(texts).items() if times > 1], "Leave one of them.")
