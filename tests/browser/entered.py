"""A new user's first steps by requests alone, where they are not what a test is about: a browser draws pages for seconds."""

from playwright.sync_api import APIResponse, BrowserContext

from tests.browser.served import Served
from tests.proofs.asking import form_token, hidden_fields

PASSWORD = "correct horse battery staple 9"


def enter_as_owner(context: BrowserContext, desk: Served, *, locale: str = "en-US") -> None:
    """Create the owner `lin` by the one-time link; the window is signed in as him, in his language."""
    form = hidden_fields(context.request.get(desk.owner_link).text())
    form |= {"name": "lin", "password": PASSWORD, "again": PASSWORD}
    _post(context, desk, desk.owner_link, locale=locale, form=form)
    assert "tocsin_session" in {one.get("name") for one in context.cookies()}


def take_sheet(context: BrowserContext, desk: Served, data: bytes) -> str:
    """Import a CSV, preview and commit; return the path of its result."""
    token = form_token(context.request.get(f"{desk.base}/imports").text())
    sheet = {"name": "orders.csv", "mimeType": "text/csv", "buffer": data}
    shown = _post(context, desk, f"{desk.base}/imports", multipart={"csrf": token, "sheet": sheet})
    result = shown.url.removeprefix(desk.base).partition("?")[0]
    _post(context, desk, f"{desk.base}{result}/commit", form={"csrf": token})
    return result


def _post(
    context: BrowserContext, desk: Served, url: str, *, locale: str = "", **body: object
) -> APIResponse:
    headers = {"origin": desk.base} | ({"accept-language": locale} if locale else {})
    answer = context.request.post(url, headers=headers, **body)  # type: ignore[arg-type]
    assert answer.ok, f"{url}: {answer.status} {answer.text()[:600]}"
    return answer
