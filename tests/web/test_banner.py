"""What every page shows of the alarm, and the message that keeps it so."""

import html
import re
from typing import Any

import pytest

from tests.web.attacks import attack, incidents, operator_of, victim, watch
from tests.web.pages import Pages, text_of
from tests.web.test_live import hear
from tocsin.alarm.incident import acknowledge_incident, clear_incident, silence_incident
from tocsin.alarm.posture import change_posture
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import Actor
from tocsin.core.event import latest_event_id
from tocsin.web import banner
from tocsin.web.banner import draw_news, read_alarm
from tocsin.web.news import frame, read_news


def act(pages: Pages, verb: object, **more: object) -> None:
    """Do something about the newest incident."""
    (one, *_) = incidents(pages)
    owner = pages.house.actor()
    pages.db.write(pages.house.merchant_id, lambda tx: verb(tx, owner, incident_id=one.id, **more))  # type: ignore[operator]


def shown(pages: Pages, role: str = "clerk", path: str = "/orders") -> str:
    """Return a page as text, without its markup."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(pages.get(path, role=role)))))


def body(pages: Pages) -> str:
    """Return the head of a page's body: what the scripts go by."""
    found = re.search(r"<body[^>]*hx-headers", text_of(pages.get("/orders", role="clerk")))
    assert found
    return found[0]


def test_each_page_says_who_is_attacked_from_where_and_what_to_do(pages: Pages) -> None:
    assert 'data-alarm=""' in body(pages) and "Calm" in shown(pages)
    attack(pages, victim(pages), times=6)
    for path in ("/orders", "/held", "/terminals", "/scan", "/settings/sessions", "/alarm", "/orders/new"):
        said = shown(pages, path=path)
        assert "Somebody is trying to sign in as 林小姐" in said and "6 signals" in said, path
        assert "from 203.0.113.9" in said and "Silence it and look where it comes from" in said, path
        assert "Sounding" in said and "Alert" in said, path
    assert 'data-alarm="sound"' in body(pages) and 'data-posture="alert"' in body(pages)


def test_what_is_done_changes_light_sound_and_words(pages: Pages) -> None:
    attack(pages, victim(pages))
    act(pages, silence_incident)
    assert 'data-alarm="light"' in body(pages)
    said = text_of(pages.get("/orders", role="clerk"))
    assert '/silence"' not in said and "/acknowledgement" in said and "silenced by owner" in said
    act(pages, acknowledge_incident)
    said = text_of(pages.get("/orders", role="clerk"))
    assert '/acknowledgement"' not in said and "owner has it" in said
    act(pages, clear_incident)
    assert 'data-alarm=""' in body(pages) and "trying to sign in" not in shown(pages)
    assert 'data-posture="alert"' in body(pages), "the posture falls by hand"


def test_a_light_makes_no_sound(pages: Pages) -> None:
    attack(pages, victim(pages), times=1)
    assert 'data-alarm="light"' in body(pages)
    assert "Light only" in shown(pages) and '/silence"' not in text_of(pages.get("/orders"))


def test_noise_that_has_ended_by_itself_leaves_the_light(pages: Pages) -> None:
    attack(pages, victim(pages))
    (one,) = incidents(pages)
    later = pages.db.read(pages.house.merchant_id, lambda tx: read_alarm(tx, zone="UTC", readers=frozenset()))
    assert later.level == "sound" and later.sound_until_us == one.sound_until_us
    ended = banner.Alarm("alert", 1, one.sound_until_us, one.sound_until_us, "UTC", shown=one)
    assert ended.level == "light"


def test_the_owner_of_the_account_is_named_and_led_to_his_lock(pages: Pages) -> None:
    attack(pages, operator_of(pages, "clerk"))
    (one,) = incidents(pages)
    own = shown(pages, "clerk")
    assert "Somebody is trying to sign in as you" in own and "If it is you, say so" in own
    assert f"/incidents/{one.id}/mine" in text_of(pages.get("/orders", role="clerk"))
    assert "sign in as clerk" in shown(pages, "checker")
    assert "/mine" not in text_of(pages.get("/orders", role="checker"))


def test_the_loud_one_is_named_before_newer_ones(pages: Pages) -> None:
    attack(pages, victim(pages))
    attack(pages, victim(pages, "王强"), times=1, device="f" * 64, address="192.0.2.7")
    assert len(incidents(pages)) == 2
    said = shown(pages)
    assert "sign in as 林小姐" in said and "all open incidents: 2" in said


def test_a_page_hears_of_it_in_its_language_without_opening_anew(pages: Pages) -> None:
    who = victim(pages)
    ((news, *_),) = hear(pages, 1, lambda: attack(pages, who, times=1))
    assert "alarm" in news.changed and news.alarm is not None
    for locale, words in (
        ("en", "Somebody is trying to sign in as 林小姐"),
        ("zh_CN", "有人正在尝试登录 林小姐 的账号"),
    ):
        told = frame(news, locale=locale, reader=pages.house.actor("clerk")).decode()
        (line,) = [each for each in told.split("\n") if each.startswith("data: <div data-alarm-news")]
        assert words in line and 'data-level="light"' in line and 'data-posture="alert"' in line
        assert "t0k3n" not in line and 'name="csrf" value="-"' in line, "the page fills in its own"


def test_a_listener_hears_that_it_is_his_own_account(pages: Pages) -> None:
    clerk = operator_of(pages, "clerk")
    attack(pages, clerk)

    def read(reader: int) -> str:
        alarm = pages.db.read(
            pages.house.merchant_id, lambda tx: read_alarm(tx, zone="UTC", readers=frozenset({reader, clerk}))
        )
        return draw_news(alarm, locale="en", reader_id=reader, rights=frozenset({"incident"}))

    assert "as you" in read(clerk) and "as you" not in read(clerk + 1)


def test_a_message_is_drawn_once_for_all_who_read_a_language(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(pages, operator_of(pages, "clerk"))
    clerk, drawn = operator_of(pages, "clerk"), []
    alarm = pages.db.read(
        pages.house.merchant_id, lambda tx: read_alarm(tx, zone="UTC", readers=frozenset({clerk}))
    )
    real = banner.render
    monkeypatch.setattr(banner, "render", lambda *a, **k: drawn.append(1) or real(*a, **k))
    for reader in range(1, 200):
        draw_news(alarm, locale="zh_CN", reader_id=reader, rights=frozenset({"incident"}))
    draw_news(alarm, locale="zh_CN", reader_id=clerk, rights=frozenset({"incident"}))
    assert len(drawn) == 2, "everybody's, and his whose account it is"


class Counting:
    """A transaction that counts its reads."""

    def __init__(self, tx: Any) -> None:
        self._tx, self.reads = tx, 0

    def __getattr__(self, name: str) -> Any:
        self.reads += name in ("one", "rows", "value")
        return getattr(self._tx, name)


def test_a_calm_page_costs_two_reads(pages: Pages) -> None:
    def cost(tx: Any) -> int:
        counting: Any = Counting(tx)
        read_alarm(counting, zone="UTC", readers=frozenset({1}))
        return counting.reads

    assert pages.db.read(pages.house.merchant_id, cost) == 2
    attack(pages, victim(pages))
    assert pages.db.read(pages.house.merchant_id, cost) == 5


def test_a_posture_alone_reaches_the_pages(pages: Pages) -> None:
    owner: Actor = pages.house.actor()

    def lock() -> None:
        pages.db.write(
            pages.house.merchant_id, lambda tx: change_posture(tx, owner, state="lockdown", reason="x")
        )

    ((news,),) = hear(pages, 1, lock)
    assert news.alarm is not None and news.alarm.posture == "lockdown" and news.alarm.level == ""
    assert "Lockdown" in shown(pages)


def send_one(tx: Any) -> None:
    """Tell the alarm of a wrong credential."""
    send_signal(tx, Signal(kind="credential_wrong", address="203.0.113.9"))


def test_signals_alone_wake_no_page(pages: Pages) -> None:
    """Ten thousand of them are one incident, whose counter is told once a second."""
    seen = pages.db.read(pages.house.merchant_id, latest_event_id)
    for _ in range(20):
        pages.db.write(pages.house.merchant_id, send_one)
    news = pages.db.read(pages.house.merchant_id, lambda tx: read_news(tx, after_id=seen))
    assert news is not None and news.last_id > seen and not news.is_told
    assert hear(pages, 0, lambda: pages.db.write(pages.house.merchant_id, send_one)) == [[]]
    watch(pages)
    told = pages.db.read(pages.house.merchant_id, lambda tx: read_news(tx, after_id=news.last_id))
    assert told is not None and told.is_told and told.alarm is not None
