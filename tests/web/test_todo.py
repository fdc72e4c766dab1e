"""After the sign-in a clerk sees first what waits for a person."""

from tests.web.sample_parts import shell
from tests.web.samples import SAMPLES
from tocsin.web.page import render


def strip(name: str, **more: object) -> str:
    template, context = SAMPLES[name]
    main = render(template, locale="en", **{**context, **more}).split("<main")[1]
    return (
        main.split('aria-label="Waits for a person"')[1].split("</nav>")[0]
        if "Waits for a person" in main
        else ""
    )


def test_what_waits_stands_above_the_orders_and_leads_there() -> None:
    shown = strip("orders")
    assert 'href="/held"' in shown and 'href="/problems"' in shown and "/alarm" not in shown
    assert ">13<" in shown and ">17<" in shown
    assert strip("orders_found") == "", "what was looked up is not pushed down"
    assert strip("orders", shell=shell(held_count=0, problem_count=0)) == ""
