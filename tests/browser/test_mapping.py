"""A sheet that nobody knows: what would come of it follows each choice of a column, and then it is imported."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.entered import enter_as_owner
from tests.browser.served import Served
from tests.browser.test_desk import Till
from tests.browser.test_journey import browser

__all__ = ["browser"]


def test_the_preview_follows_the_mapping(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text(
        "流水,谁,东西,几个,多少钱\nN-1,李慧,酥梨,2,10\nN-2,王五,毛峰,两,20\n", "utf-8"
    )
    with Served(tmp_path) as desk:
        till = Till(browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900}), desk)
        enter_as_owner(till.page.context, desk)
        page = till.go("/profiles")
        page.set_input_files("#f-sheet", tmp_path / "odd.csv")
        till.press("main button.main")
        seen = page.locator("#mapped")
        expect(seen.locator(".finding.W")).to_be_visible()
        for place, field in enumerate(("order_number", "receiver", "title", "quantity", "unit_price")):
            page.select_option(f"[name='field.{place}']", field)
        expect(seen.locator(".figures > div").first).to_contain_text("1")
        expect(seen).to_contain_text("李*")
        expect(seen.locator(".finding.E")).to_contain_text("Row 3")
        page.select_option("[name='field.0']", "")
        expect(seen.locator(".finding.W")).to_be_visible()
        page.select_option("[name='field.0']", "order_number")
        expect(seen.locator(".finding.W")).to_have_count(0)
        till.press("main button.main")
        assert "/imports/" in till.path() and "Import one order" in page.locator("main").inner_text()
        assert till.errors == []
