"""One incident as a page, and its three acts as anonymous, wrong role, right role, and twice."""

import re

import pytest

from tests.web.attacks import attack, incidents, operator_of, victim
from tests.web.pages import Pages, text_of
from tocsin.alarm.incident import read_timeline
from tocsin.alarm.posture import raise_posture
from tocsin.alarm.timeline import add_entry

ACTS = ("silence", "acknowledgement", "clearance")


def entries(pages: Pages) -> list[str]:
    """Return the kinds of the newest incident's entries, oldest first."""
    (one, *_) = incidents(pages)
    found = pages.db.read(pages.house.merchant_id, lambda tx: read_timeline(tx, incident_id=one.id))
    return [entry.kind for entry in reversed(found)]


def path_of(pages: Pages) -> str:
    """Return the newest incident's address."""
    return f"/incidents/{incidents(pages)[0].id}"


def test_the_page_says_why_who_and_where_from(pages: Pages) -> None:
    attack(pages, victim(pages), times=3)
    attack(pages, 0, times=1, address="198.51.100.4")
    said = text_of(pages.get(path_of(pages), role="clerk"))
    assert "3 wrong credentials at one account within 15 minutes" in said, "the rule, in words"
    for words in (
        "林小姐",
        "203.0.113.9",
        "198.51.100.4",
        "One name that nobody has",
        "The siren was asked to sound",
        "Password",
    ):
        assert words in said, words
    assert "<b data-figure>4</b><span>signals" in said


def test_who_may_do_what_and_twice(pages: Pages) -> None:
    attack(pages, victim(pages))
    path = path_of(pages)
    for act in ACTS:
        nobody = pages.post(f"{path}/{act}", role="")
        assert nobody.status_code == 303 and nobody.headers["location"].startswith("/sign-in"), act
        assert pages.post(f"{path}/{act}", role="station").status_code == 403, act
        assert pages.post(f"{path}/{act}", role="clerk", token="another's").status_code == 403, act
    assert pages.post(f"{path}/clearance", role="clerk").status_code == 403
    assert entries(pages) == ["raised", "posture", "rule", "sound"] or "silenced" not in entries(pages)
    for act, role, code in (
        ("silence", "clerk", "silenced"),
        ("acknowledgement", "checker", "acknowledged"),
        ("clearance", "manager", "cleared"),
    ):
        first = pages.post(f"{path}/{act}", role=role, form_key=f"key-of-{act}")
        assert first.status_code == 303 and first.headers["location"].startswith(path), act
        again = pages.post(f"{path}/{act}", role=role, form_key=f"key-of-{act}")
        assert again.status_code == 303, "the same form is done once, and leads there again"
        assert entries(pages).count(code) == 1
        other = pages.post(f"{path}/{act}", role="owner")
        assert (
            other.status_code == 409 and role in other.text
            if act != "clearance"
            else other.status_code == 409
        ), act
        assert "silenced by clerk" in other.text
    assert entries(pages)[-3:] == ["silenced", "acknowledged", "cleared"]
    assert "cleared by manager" in text_of(pages.get(path)) and '/silence"' not in text_of(pages.get(path))


def test_from_a_banner_the_page_is_not_left(pages: Pages) -> None:
    attack(pages, victim(pages))
    path = path_of(pages)
    who = {**pages._who("clerk"), "hx-request": "true", "x-csrf-token": pages.headers("clerk")["x-csrf"]}
    answer = pages.client.post(
        f"{path}/silence",
        headers={**who, "content-type": "application/x-www-form-urlencoded"},
        content="form_key=12345678",
    )
    assert answer.status_code == 204 and answer.text == ""
    assert incidents(pages)[0].silenced_name == "clerk"


def test_a_note_is_kept_and_one_too_long_is_refused_beside_its_field(pages: Pages) -> None:
    attack(pages, victim(pages))
    path = path_of(pages)
    long = pages.post(f"{path}/clearance", note="x" * 501)
    assert long.status_code == 422 and 'id="f-note" name="note" aria-invalid="true"' in long.text
    assert "x" * 501 in long.text, "what was typed is still there"
    assert pages.post(f"{path}/clearance", note="called <b>him</b>").status_code == 303
    assert "called &lt;b&gt;him&lt;/b&gt;" in text_of(pages.get(path))


def test_signals_and_entries_are_paged(pages: Pages) -> None:
    attack(pages, victim(pages), times=1)
    (one,) = incidents(pages)

    def fill(tx: object) -> None:
        for n in range(60):
            add_entry(
                tx, incident_id=one.id, kind="siren_failed", data={"siren": f"S{n}", "problem": "no answer"}
            )  # type: ignore[arg-type]

    pages.db.write(pages.house.merchant_id, fill)
    attack(pages, one.operator_id, times=55)
    first = text_of(pages.get(path_of(pages)))
    older = re.findall(r'href="(/incidents/\d+\?(?:before|earlier)=\d+[^"]*)"', first)
    assert len(older) == 2 and "S59 " in first and "S3 " not in first
    assert any("S3 " in text_of(pages.get(address.partition("#")[0])) for address in older)
    rows = [
        text_of(pages.get(address.partition("#")[0])).count('<td class="key nowrap">') for address in older
    ]
    assert 6 in rows, "the rest of 56 signals"


def test_the_timeline_speaks_the_reader_s_language(pages: Pages) -> None:
    attack(pages, victim(pages))
    (one,) = incidents(pages)
    pages.db.write(
        pages.house.merchant_id, lambda tx: raise_posture(tx, state="lockdown", why="x", incident_id=one.id)
    )
    said = text_of(pages.get(f"/incidents/{one.id}?locale=zh_CN"))
    assert "15 分钟内同一账号 3 次" in said and "封锁" in said
    line = said[said.index('<ul class="line">') : said.index('id="signals"')]
    assert not re.findall(r">[A-Z][a-z]+ [a-z]+", line), line


def test_one_s_own_account_leads_to_its_lock(pages: Pages) -> None:
    attack(pages, operator_of(pages, "clerk"))
    path = path_of(pages)
    assert f'href="{path}/mine"' in text_of(pages.get(path, role="clerk"))
    assert f'href="{path}/mine"' not in text_of(pages.get(path, role="owner"))


@pytest.mark.parametrize("hostile", ["-1", "0", "9" * 40, "x", "١٢", "1;drop", "%F0%9F%92%A9"])
def test_no_address_breaks_it(pages: Pages, hostile: str) -> None:
    for act in ("", *(f"/{act}" for act in ACTS)):
        assert pages.get(f"/incidents/{hostile}{act}").status_code in (303, 404)
        if act:
            assert pages.post(f"/incidents/{hostile}{act}").status_code == 404
    attack(pages, victim(pages), times=1)
    for name in ("before", "earlier"):
        assert pages.get(f"{path_of(pages)}?{name}={hostile}").status_code in (200, 404)


def test_another_merchant_s_incident_is_not_there(pages: Pages) -> None:
    attack(pages, victim(pages))
    path = path_of(pages)
    other = Pages.of_other_merchant(pages)
    other.__class__ = Pages
    assert other.get(path).status_code == 404  # type: ignore[attr-defined]
    assert other.post(f"{path}/silence").status_code == 404  # type: ignore[attr-defined]
    assert incidents(pages)[0].silenced_at_us is None
