"""What was sent beside what came back, and what a page would run of it."""

import re
from html.parser import HTMLParser
from typing import Any


def differences(sent: Any, back: Any, at: str = "") -> list[str]:
    """Return where what came back is not what was sent; what was sent empty may be left out."""
    if isinstance(sent, dict):
        return [
            each
            for name, value in sent.items()
            for each in differences(value, back.get(name, ""), f"{at}{name}: ")
        ]
    if isinstance(sent, list):
        pairs = zip(sent, back or [{}] * len(sent), strict=True)
        return [each for n, (one, other) in enumerate(pairs) for each in differences(one, other, f"{at}{n} ")]
    return [] if sent == back else [f"{at}{back[:60]!r} is not {sent[:60]!r}"]


class TextOf(HTMLParser):
    """The text of a page as a browser would show it, and the markup that it would run."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.scripts, self._in = "", list[str](), ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag if tag in ("script", "style") else self._in
        self.scripts += [f"{name}={value}" for name, value in attrs if re.match("on[a-z]+$", name)]
        self.text += " ".join(f" {value}" for _, value in attrs if value)

    def handle_endtag(self, tag: str) -> None:
        self._in = "" if tag == self._in else self._in

    def handle_data(self, data: str) -> None:
        if self._in:
            self.scripts.append(data)
        else:
            self.text += data


def unescaped(html: str, dangerous: set[str]) -> list[str]:
    """Return the dangerous strings that stand in a page as markup, and what handlers it has."""
    return [text for text in dangerous if text in html] + [
        one for one in TextOf(html).scripts if "=" in one[:12]
    ]
