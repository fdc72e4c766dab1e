"""Each template renders from its sample in both languages, without inline code, and escapes what people typed."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tests.telling import assert_none
from tests.web.sample_parts import FINDINGS, order, shell
from tests.web.samples import SAMPLES
from tests.web.samples_asked import ASKED
from tocsin.orders.draft import Party
from tocsin.web.assets import SHEETS
from tocsin.web.figures import Figures
from tocsin.web.page import TEMPLATE_DIR, environment_of, render, show_price
from tocsin.web.words import LOCALES, Words

STATIC = TEMPLATE_DIR.parent / "static"
PARTIAL = {"settings/connection_words.html", "settings/webhook_words.html", "orders/campaign_words.html", "orders/charts.html", "orders/ways.html", "orders/seen.html", "access/proof.html", "alarm/parts.html", "alarm/persons.html", "components.html", "icons.html", "states.html", "base.html", "door.html", "orders/form.html",
           "orders/rows.html", "orders/receiver.html", "orders/bulk_parts.html", "orders/sums.html", "settings/tabs.html", "settings/first_hour.html", "settings/privacy_tabs.html", "phone/browser.html", "tickets/answer.html", "tickets/shift_figures.html"}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_renders(name: str, locale: str) -> None:
    """A name that the sample lacks fails; nothing inline may ask for a weaker content policy."""
    template, context = SAMPLES[name]
    html = render(template, locale=locale, **context)
    wrong = re.findall(r"<style|style=|<script(?![^>]*src=)|\son\w+=|javascript:", html)
    assert not wrong, f"{name}: inline {wrong}"
    assert "object at 0x" not in html, f"{name}: a name that is a method"
    for form in re.findall(r'<form[^>]*method="post".*?</form>', html, re.S):
        assert 'name="csrf"' in form, f"{name}: a form without its token: {form[:120]}"


def test_each_template_has_a_sample() -> None:
    known = {template for template, _ in SAMPLES.values()} | PARTIAL
    assert_none(
        sorted({str(path.relative_to(TEMPLATE_DIR)) for path in TEMPLATE_DIR.rglob("*.html")} - known)
    )


def test_what_people_typed_is_text() -> None:
    """A receiver's name or a finding can't become markup."""
    evil = '<script>alert(1)</script>"onmouseover="x'
    template, context = SAMPLES["order"]
    changed = {**context, "order": order(receiver=Party(name=evil, buyer_note=evil), campaign=evil)}
    html = render(template, locale="en", **{**changed, "findings": [{**FINDINGS[0], "text": evil}]})
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 4


def test_a_missing_name_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="rows"):
        render("orders/query.html", locale="en", shell=shell(), **{**ASKED, "asked": None, "listed": ""})


def test_rights_decide_what_is_offered() -> None:
    template, context = SAMPLES["order"]
    owner = render(template, locale="en", **context)
    auditor = render(template, locale="en", **{**context, "shell": shell(role="auditor"), "purposes": ()})
    for offer in ("/amendments", "/cancellation", "/reveals", "/prints"):
        assert offer in owner and offer not in auditor


def test_enter_in_a_list_prints_nothing() -> None:
    """The list's default button is disabled: Enter on a box, typed or by a scanner, sends no form."""
    template, context = SAMPLES["orders"]
    form = render(template, locale="en", **context).split("data-bulk>")[1]
    assert form.startswith("<button disabled hidden>")


def test_findings_stand_beside_their_fields() -> None:
    """The revise page carries each finding twice: in the list, and in its field's box."""
    template, context = SAMPLES["revise"]
    html = render(template, locale="en", **context)
    assert all(html.count(one["text"]) == 2 for one in FINDINGS)
    box = html.split('id="f-totals-payable"')[1].split('class="field')[0]
    assert FINDINGS[0]["text"] in box


def test_the_outside_learns_the_word_only() -> None:
    html = render("tickets/scan_outside.html", locale="en", **SAMPLES["scan_outside"][1])
    assert "SUPERSEDED" in html and "/orders" not in html


def test_styles_are_small_and_scripts_are_short() -> None:
    """The style sheets of a page together stay under 52 KB, the wall's own under 7, a script under 60 lines."""
    sizes = {path.name: path.stat().st_size for path in STATIC.glob("css/*.css")}
    assert sizes.pop("wall.css") < 7 * 1024 and sizes.pop("fleet.css") < 1024 and sizes.keys() == {*SHEETS}
    assert sum(sizes.values()) < 52 * 1024
    assert_none(path.name for path in STATIC.glob("js/*.js") if len(path.read_text().splitlines()) > 60)


def test_every_asset_that_a_page_names_exists() -> None:
    pages = "".join(path.read_text() for path in TEMPLATE_DIR.rglob("*.html"))
    named = set(re.findall(r'asset\("((?!vendor|desk)[^"]+)"\)', pages))
    alone = {name.removeprefix("js/") for name in named if name.startswith("js/")}
    scripts = "".join((STATIC / "js" / name).read_text() for name in ("desk.js", *alone))
    imported = set(re.findall(r'"\./([^"]+)"', scripts))
    assert_none(sorted(name for name in named if not (STATIC / name).is_file()))
    assert imported | alone | {"desk.js"} == {path.name for path in Path(STATIC / "js").glob("*.js")}


def test_figures_are_shown_as_people_read_them() -> None:
    english, chinese = Figures(Words("en")), Figures(Words("zh_CN"))
    noon, day = 1_582_628_400_000_000, 86_400_000_000
    shown = [
        (each.instant(noon, "Asia/Shanghai"), each.day(noon, "UTC"), each.clock(noon, "UTC", noon - day), each.clock(noon, "UTC", noon - 1), each.number(12_345), each.listed("ab"))
        for each in (english, chinese)
    ]  # fmt: skip
    assert shown == [
        ("Feb 25, 2020, 19:00", "Feb 25, 2020", "Feb 25, 11:00:00", "11:00:00", "12,345", "a, b"),
        ("2020年2月25日 19:00", "2020年2月25日", "2月25日 11:00:00", "11:00:00", "12,345", "a、b"),
    ]
    assert {each(None, "UTC") for each in (english.instant, english.day, english.clock)} == {"—"}
    assert english.translated_count("One order", "%(num)s orders", 1) == "One order"
    assert english.translated_count("One order", "%(num)s orders", 1_200) == "1,200 orders"
    said = environment_of("en").from_string(
        "{{ ngettext('One order', '%(num)s orders', n) }}, {{ _('Row %(n)s', n=n) }}, {{ n }}"
    )
    assert said.render(n=65_000) == "65,000 orders, Row 65,000, 65000", (
        "what a sentence says is grouped, a bare number is not"
    )
    assert [show_price(one, "CNY") for one in (2_000_000, 125_000, None)] == ["2.00", "0.125", "—"]
    assert show_price(2_000_000, "JPY") == "2"
    template, context = SAMPLES["money"]
    assert "−¥2,699.00" in render(template, locale="zh_CN", **context)
    nothing = {"before_minor": 1, "after_minor": 1, "currency": "CNY", "changes": [], "findings": []}
    assert "±¥0.00" in render(template, locale="zh_CN", **{**context, "preview": nothing})


def test_how_long_ago_and_how_large_are_said_as_a_language_says_them() -> None:
    hour, now = 3600, 1_700_000_000_000_000
    past = (-5, 59, 60, 179, hour - 1, hour, 24 * hour - 1, 24 * hour, 6 * 24 * hour, 7 * 24 * hour)
    sizes = (0, 1, 950, 1_000, 1_234, 12_345, 1_234_567, 2_500_000_000)
    told = {
        locale: [Figures(Words(locale)).ago(now - one * 1_000_000, "UTC", now_us=now) for one in past]
        for locale in ("en", "zh_CN")
    }
    assert told["en"] == ["just now", "just now", "1 minute ago", "2 minutes ago", "59 minutes ago", "1 hour ago",
                          "23 hours ago", "1 day ago", "6 days ago", "Nov 7, 2023, 22:13"]  # fmt: skip
    assert told["zh_CN"] == ["刚刚", "刚刚", "1分钟前", "2分钟前", "59分钟前", "1小时前", "23小时前", "1天前", "6天前",
                             "2023年11月7日 22:13"]  # fmt: skip
    english, chinese = Figures(Words("en")), Figures(Words("zh_CN"))
    assert [english.file_size(one) for one in sizes] == [
        "0 bytes", "1 byte", "950 bytes", "1 kB", "1.2 kB", "12 kB", "1.2 MB", "2.5 GB"
    ]  # fmt: skip
    assert [chinese.file_size(one) for one in (950, 1_234_567)] == ["950字节", "1.2 MB"]
    template, context = SAMPLES["held"]
    page = render(template, locale="en", **context)
    assert re.search(
        r'<time class="nowrap" datetime="2020[^"]+" title="Feb 25, 2020, [\d:]+" data-ago>', page
    )
