"""Drills on their page: begun by hand, each link shown, planned, warned of; an open page says that it showed one."""

from tests.alarm.scene import watch
from tests.web.pages import Pages, text_of
from tocsin.alarm.drill import Drill, Link, end_drill, get_drill, list_drills
from tocsin.alarm.drill_plan import read_plan
from tocsin.core.db import Tx
from tocsin.tickets.first_hour import read_steps


def newest(pages: Pages) -> Drill:
    return pages.db.read(pages.house.merchant_id, list_drills)[0]


def end(pages: Pages, *links: Link) -> None:
    def verb(tx: Tx) -> None:
        end_drill(tx, get_drill(tx, drill_id=list_drills(tx)[0].id), links=list(links))

    pages.db.write(pages.house.merchant_id, verb)


def test_a_drill_is_begun_shown_as_it_runs_and_kept(pages: Pages) -> None:
    assert "No drill yet" in text_of(pages.get("/drills"))
    answer = pages.post("/drills", form_key="abcdefgh12")
    one = newest(pages)
    assert answer.headers["location"] == f"/drills/{one.id}"
    assert pages.post("/drills", form_key="abcdefgh12").headers["location"] == f"/drills/{one.id}", "once"
    assert pages.post("/drills").status_code == 409
    watch(pages.db)
    page = text_of(pages.get(f"/drills/{one.id}"))
    assert (
        "Running" in page
        and "Signal to incident" in page
        and f"/incidents/{newest(pages).incident_id}" in page
    )
    bell = text_of(pages.get("/orders"))
    assert "/drill/" in bell, "the banner that every page shows tells that it is a drill"


def test_an_open_page_says_once_that_it_showed_it(pages: Pages) -> None:
    pages.post("/drills")
    watch(pages.db)
    where = f"/incidents/{newest(pages).incident_id}/screen"
    for _ in range(2):
        assert pages.post(where, role="clerk").status_code == 204
    assert (
        pages.post(where, role="").status_code == 303
        and pages.post(where, token="another's").status_code == 403
    )
    assert "Open pages" in text_of(pages.get("/drills")) and "1 browser" in text_of(pages.get("/drills"))


def test_the_first_hour_counts_a_drill_that_an_open_page_has_shown(pages: Pages) -> None:
    def counted() -> int:
        return pages.db.read(pages.house.merchant_id, read_steps).siren

    for state, done in (("none", 0), ("ok", 1)):
        pages.post("/drills")
        end(pages, Link("signal", "ok", ms=4), Link("siren_on", "none"), Link("screen", state, name="1"))
        assert counted() == done, state
    assert 'href="/drills"' not in pages.get("/start").text, "it is done"


def test_the_last_result_stands_at_the_alarms_home(pages: Pages) -> None:
    pages.post("/drills")
    end(pages, Link("signal", "ok", ms=4), Link("person", "sent", name="群", ms=312))
    assert "2 links held, the longest 312 ms" in text_of(pages.get("/alarm"))
    pages.post("/drills")
    end(
        pages,
        Link("signal", "ok", ms=4),
        Link("siren_on", "failed", name="门口", problem="the service did not answer in time"),
    )
    home = text_of(pages.get("/alarm?locale=zh_CN"))
    assert "未通过：警报器开" in home
    page = text_of(pages.get("/drills?locale=zh_CN"))
    assert "上次演练未通过" in page and "该服务没有及时应答" in page and "门口" in page
    pages.post("/drills")
    end(pages, Link("signal", "ok", ms=4), Link("siren_on", "none"), Link("person", "none"))
    assert "未通过：警报器开" in text_of(pages.get("/alarm?locale=zh_CN")), "there is nobody: it says of what"


def test_it_is_planned_by_the_week(pages: Pages) -> None:
    assert (
        pages.post("/drill-plan", weekday="2", hour="7", revision="0").headers["location"]
        == "/drills?done=saved"
    )
    plan = pages.db.read(pages.house.merchant_id, read_plan)
    assert (plan.weekday, plan.hour) == (2, 7) and "Next:" in text_of(pages.get("/drills"))
    assert pages.post("/drill-plan", weekday="3", hour="7", revision="0").status_code == 409
    for wrong, place in (({"weekday": "9"}, "weekday"), ({"hour": "24"}, "hour"), ({"hour": "x"}, "hour")):
        refused = pages.post("/drill-plan", **{"weekday": "1", "hour": "7", "revision": "1", **wrong})
        assert refused.status_code == 422 and f"f-{place}-say" in refused.text


def test_who_may_see_and_who_may_begin(pages: Pages) -> None:
    for role in ("clerk", "checker", "auditor"):
        assert "Drill now" not in text_of(pages.get("/drills", role=role))
        assert pages.post("/drills", role=role).status_code == 403
        assert pages.post("/drill-plan", role=role, weekday="1", hour="7", revision="0").status_code == 403
    assert (
        pages.get("/drills", role="station").status_code == 403
        and pages.get("/drills", role="").status_code == 303
    )
    assert pages.get("/drills/7").status_code == 404 and pages.get("/drills/x").status_code == 404
    assert pages.post("/drills", token="another's").status_code == 403
