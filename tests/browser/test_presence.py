"""Two who amend one order: each sees the other, one takes over, what both typed is shown side by side, nothing is lost."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.entered import PASSWORD, enter_as_owner
from tests.browser.served import Served
from tests.browser.test_desk import Till
from tests.browser.test_journey import browser

__all__ = ["browser"]

EARLIER = """() => {
  const one = document.querySelector("#editing time[data-ago]");
  one.dateTime = new Date(Date.parse(one.dateTime) - 3 * 3600e3).toISOString();
  document.dispatchEvent(new Event("visibilitychange"));
  return one.textContent;
}"""

ROWS_AT = "document.getElementById('rows').getBoundingClientRect().top"


def begin(one: Till, other: Till) -> str:
    """Make an owner, a clerk and an order; return the address of its form."""
    enter_as_owner(one.page.context, one.desk)
    one.go("/settings/operators")
    one.fill(name="li")
    one.press("main form button.main")
    other.go(one.page.input_value("#f-link"))
    other.fill(password=PASSWORD, again=PASSWORD)
    other.press("main button.main")
    one.go("/orders/new")
    one.page.fill("#f-receiver-name", "王小明")
    one.page.fill("#f-lines-0-title", "砀山酥梨")
    one.page.fill("#f-lines-0-unit_price", "39.90")
    one.page.fill("#f-lines-0-quantity", "2")
    one.press('main form[action="/orders"] button.main')
    return f"{one.path()}/amendments"


def test_two_who_amend_one_order_see_each_other_and_lose_nothing(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk:
        lin, li = (Till(browser.new_context(locale="en-US"), desk) for _ in range(2))
        form = begin(lin, li)
        li.go(form)
        lin.go(form.removesuffix("/amendments"))
        expect(lin.page.locator("#editing")).to_contain_text("li is editing this order")
        assert lin.page.evaluate(EARLIER) == "3 hours ago", "an open page goes on counting"
        li.go(form.removesuffix("/amendments"))
        expect(lin.page.locator("[data-here]")).to_have_text("Also looking at this order now: li")
        expect(li.page.locator("[data-here]")).to_have_text("Also looking at this order now: lin")
        li.go(form)
        lin.go(form)
        expect(lin.page.locator("#editing")).to_contain_text("li is editing this order")
        li.page.fill("#f-merchant_note", "ring twice")
        li.page.fill("#f-pickup_point", "East gate")
        lin.page.get_by_role("button", name="Take over").click()
        expect(lin.page.locator("#editing .finding")).to_have_count(0)
        expect(li.page.locator("#editing")).to_contain_text("lin has taken over", timeout=25_000)
        assert li.page.input_value("#f-merchant_note") == "ring twice", "what was typed is still there"
        lin.page.fill("#f-merchant_note", "leave it at the door")
        lin.page.fill("#f-reason", "asked")
        lin.press("#amending button.main")
        li.page.fill("#f-reason", "asked me")
        li.page.locator("#amending button.main").click()
        met = li.page.locator("section.panel.bad[role=alert]")
        expect(met).to_contain_text("lin has amended this order meanwhile")
        expect(met).to_contain_text("leave it at the door")
        li.page.locator('input[name="pick.merchant_note"][value=mine]').check()
        lin.go("/orders")
        top = lin.page.evaluate(ROWS_AT)
        li.press("#amending button.main")
        expect(lin.page.locator("#toasts")).to_contain_text("Orders in this list have moved meanwhile.")
        assert lin.page.evaluate(ROWS_AT) == top, "nothing moves from under a hand"
        lin.page.get_by_role("link", name="Show them as they are").click()
        expect(lin.page.locator("[data-live-offer]")).to_be_hidden()
        said = li.page.locator("main").inner_text()
        assert "East gate" in said and "ring twice" in said
        lin.page.clock.install()
        lin.go(form.removesuffix("/amendments"))
        lin.page.wait_for_timeout(200)
        with lin.page.expect_request("**/editing", timeout=5000):  # also where nothing is told
            lin.page.clock.fast_forward(20_500)
        assert lin.errors == li.errors == [] and "Traceback" not in desk.log(), desk.log()
