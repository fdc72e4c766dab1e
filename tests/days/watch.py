"""What goes wrong in a window while somebody works: errors, requests that failed, what a policy stopped, pages that jump."""

from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

SHIFT_MOST = 0.05
# Source: web.dev/articles/cls: a window is over after a second without a shift, or after five in all.
_GAP_MS, _LONGEST_MS = 1000.0, 5000.0
_LISTEN = """(() => {
  const tell = (list) => { for (const one of list) if (!one.hadRecentInput) daySees({ page: String(performance.timeOrigin), path: location.pathname, at: one.startTime, value: one.value,
    what: (one.sources || []).map((of) => `${of.node?.nodeName ?? "gone"}.${of.node?.className ?? ""}`).slice(0, 4).join(" ") }); };
  const seen = new PerformanceObserver((list) => tell(list.getEntries()));
  seen.observe({ type: "layout-shift", buffered: true });
  addEventListener("pagehide", () => tell(seen.takeRecords()));
  addEventListener("securitypolicyviolation", (event) => daySees({ stopped: `${event.violatedDirective} ${event.blockedURI}`, path: location.pathname }));
})()"""


class Shift(Struct):
    """A page's worst window of shifts."""

    value: float = 0.0
    path: str = ""
    what: str = ""


class Watch(Struct):
    """All that was seen of one person's windows."""

    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    shifts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pages: int = 0

    def over(self, context: BrowserContext) -> None:
        """Watch every page of a window, from before its first byte."""
        context.expose_binding("daySees", lambda _, told: self._take(told))
        context.add_init_script(_LISTEN)
        context.on("page", lambda page: self._follow(page))

    def worst(self) -> Shift:
        """Return the worst window of shifts of all pages."""
        return max(map(worst_window, self.shifts.values()), key=lambda one: one.value, default=Shift())

    def faults(self) -> list[str]:
        """Return everything that may not be."""
        worst = self.worst()
        moved = [f"{worst.path} moved by {worst.value:.3f}: {worst.what}"] if worst.value > SHIFT_MOST else []
        return [*self.errors, *self.failed, *self.stopped, *moved]

    def _follow(self, page: Page) -> None:
        page.on("console", lambda said: self._hear(page, said))
        page.on("pageerror", lambda fault: self.errors.append(f"{page.url}: {fault}"))
        page.on("requestfailed", lambda request: self._fail(request))
        page.on("response", lambda response: self._answer(response))

    def _hear(self, page: Page, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(f"{urlsplit(page.url).path}: {said.text}")

    def _fail(self, request: Request) -> None:
        # Whoever leaves a page ends what it still listens to; a file that is fetched is no page.
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(f"{request.method} {urlsplit(request.url).path}: {request.failure}")

    def _answer(self, response: Response) -> None:
        self.pages += response.request.is_navigation_request()
        if response.status >= 400:
            self.failed.append(f"{response.request.method} {urlsplit(response.url).path}: {response.status}")

    def _take(self, told: dict[str, Any]) -> None:
        if "stopped" in told:
            self.stopped.append(f"{told['path']}: {told['stopped']}")
        else:
            self.shifts.setdefault(told["page"], []).append(told)


def worst_window(shifts: list[dict[str, Any]]) -> Shift:
    """Return the worst window of one page's shifts."""
    worst, now = Shift(), Shift()
    first = last = float("-inf")
    for one in sorted(shifts, key=lambda each: float(each["at"])):
        if one["at"] - last > _GAP_MS or one["at"] - first > _LONGEST_MS:
            first, now = one["at"], Shift(path=str(one["path"]))
        last = one["at"]
        now = Shift(now.value + float(one["value"]), now.path, f"{now.what} {one['what']}".strip()[:300])
        worst = max(worst, now, key=lambda each: each.value)
    return worst
