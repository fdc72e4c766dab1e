"""The siren of a browser: armed by a gesture, heard while the alarm sounds, silent at silence; a page without news says so."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.served import Served
from tests.browser.test_alarm_journey import Stranger
from tests.browser.test_journey import Walk, become_owner, browser

__all__ = ["browser"]
# An ear beside the loudspeaker: it hears what the page sends there.
EAR = """const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode) {
    window.ear = new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0 });
    connect.call(this, window.ear);
  }
  return connect.call(this, to, ...rest);
};
window.peak = () => {
  if (!window.ear) return 0;
  const heard = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(heard);
  return Math.max(...heard.map(Math.abs));
};
window.pitch = () => {
  const heard = new Float32Array(window.ear.frequencyBinCount);
  window.ear.getFloatFrequencyData(heard);
  return (heard.indexOf(Math.max(...heard)) * window.ear.context.sampleRate) / window.ear.fftSize;
};"""
LOUD, QUIET = "() => window.peak() > 0.05", "() => window.peak() < 0.001"
WISH = "localStorage.getItem('tocsin_sound')"


def enter(browser: Browser, desk: Served) -> Walk:
    """Sign in as the owner, in a browser with an ear."""
    walk = Walk(browser, desk, None, width=1440, height=900, locale="zh-CN")  # type: ignore[arg-type]
    walk.page.context.add_init_script(EAR)
    become_owner(walk)
    return walk


def pitches(page: Page) -> set[int]:
    """Return which of the two tones were heard within two seconds."""
    heard = set()
    for _ in range(20):
        pitch = page.evaluate("window.pitch()")
        heard |= {tone for tone in (670, 960) if abs(pitch - tone) < 25}
        page.wait_for_timeout(100)
    return heard


def test_a_tab_that_is_armed_sounds_while_the_alarm_does(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk:
        walk = enter(browser, desk)
        page = walk.page
        walk.go("/orders")
        arm = page.locator("header [data-arm]")
        expect(arm).to_contain_text("启用声音")
        arm.click()
        expect(arm).to_have_attribute("aria-pressed", "true")
        expect(arm).to_contain_text("声音已启用")
        assert page.evaluate(WISH) == "1"
        assert page.evaluate("Object.keys(localStorage).sort()") == ["tocsin_sound"], "nothing about anybody"
        stranger = Stranger(browser, desk)
        stranger.try_password(2)
        expect(page.locator("body")).to_have_attribute("data-alarm", "light")
        assert page.evaluate("window.peak()") == 0, "a light makes no sound"
        stranger.try_password(1)
        page.wait_for_function(LOUD)
        assert pitches(page) == {670, 960}, "two tones in turn"
        other = page.context.new_page()
        other.goto(f"{desk.base}/held")
        expect(other.locator("header [data-arm]")).to_contain_text("声音")
        other.locator("h1").click()
        other.wait_for_function(LOUD)  # who has armed it before need not look for the button
        page.keyboard.press("s")
        for each in (page, other):
            expect(each.locator("body")).to_have_attribute("data-alarm", "light")
            each.wait_for_function(QUIET)
        other.close()
        stranger.close()
        assert walk.errors == []


def test_who_wants_no_flash_has_a_steady_border(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk:
        walk = enter(browser, desk)
        page, look = walk.page, "getComputedStyle(document.body, '::before').animationName"
        walk.go("/alarm")
        page.locator("[data-flash]").select_option("off")
        page.locator("[data-siren-try]").click()
        page.wait_for_function(LOUD)
        page.wait_for_function(QUIET)
        Stranger(browser, desk).try_password(3)
        expect(page.locator("body")).to_have_attribute("data-alarm", "sound")
        assert page.evaluate(look) == "none"
        assert "inset" in page.evaluate("getComputedStyle(document.body, '::before').boxShadow")
        for choice, name in {"slow": "fade", "on": "flash"}.items():
            page.locator("[data-flash]").select_option(choice)
            assert page.evaluate(look) == name
        page.reload()
        expect(page.locator("[data-flash]")).to_have_value("on")
        page.emulate_media(reduced_motion="reduce")
        for choice in ("slow", "on"):
            page.locator("[data-flash]").select_option(choice)
            assert page.evaluate(look) == "none", choice


def test_a_page_that_hears_nothing_says_so_and_catches_up(browser: Browser, tmp_path: Path) -> None:
    """The desk dies: the page says that no alarm would reach it. It is back: what sounded sounds again, without a reload."""
    with Served(tmp_path) as desk:
        walk = enter(browser, desk)
        page = walk.page
        walk.go("/orders")
        page.evaluate("window.never_left = true")
        stale = page.locator("[data-stale]")
        page.wait_for_timeout(500)
        expect(stale).to_be_hidden()
        Stranger(browser, desk).try_password(3)
        expect(page.locator("body")).to_have_attribute("data-alarm", "sound")
        desk.kill()
        expect(stale).to_be_visible(timeout=15_000)
        expect(stale).to_contain_text("报警也传不到这里")
        desk.start()
        expect(stale).to_be_hidden(timeout=30_000)
        expect(page.locator("body")).to_have_attribute("data-alarm", "sound")
        page.locator("section.alarm a", has_text="打开").wait_for()
        assert page.evaluate("window.never_left") is True
        walk.go("/alarm")
        page.locator("table a[data-open]").first.click()
        expect(page.locator("ul.line")).to_contain_text("订单台重新启动")
