"""What the sign-in says when nothing is looked at any more: how long to wait, or that waiting does not help."""

from collections.abc import Iterator

import pytest

from tests.access.people import make_desk
from tests.web.pages import Pages, text_of
from tocsin.access import guess
from tocsin.core import clock

WRONG = "four unrelated pears tomorrow"


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.pass_time(0)


@pytest.mark.parametrize(
    ("locale", "wait", "off"),
    [("en", "wait 30 seconds", "Password sign-in from unknown devices is off"), ("zh_CN", "30", "已停用陌生设备上的密码登录")],
)  # fmt: skip
def test_who_waits_is_told_how_long_and_who_needs_a_person_that(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, locale: str, wait: str, off: str
) -> None:
    monkeypatch.setattr(guess, "FREE_IN_A_ROW", 7)
    for name in (make_desk(pages.db).owner, "nobody"):
        for n in range(6):
            answer = pages.post(f"/sign-in/password?locale={locale}", role="", username=name, password=WRONG)
            assert answer.status_code == (401 if n < 5 else 429)
        assert wait in text_of(answer) and answer.headers["retry-after"] == "30"
        for n in range(3):
            clock.pass_time((n + 1) * 3700 * clock.SECOND_US)
            answer = pages.post(f"/sign-in/password?locale={locale}", role="", username=name, password=WRONG)
        assert answer.status_code == 429 and off in text_of(answer)
        clock.pass_time(0)
