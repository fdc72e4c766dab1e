"""Words: what people read, in their language, from the gettext .po files (English is the msgid)."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALES = {"zh_CN": "中文", "en": "English"}
LOCALE_DIR = Path(__file__).parent.parent / "locale"


@cache
def _catalogue(locale: str) -> dict[str, tuple[str, ...]]:
    path = LOCALE_DIR / locale / "LC_MESSAGES" / "tocsin.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if msgid and forms and all(forms) and not message.fuzzy:
            found[msgid] = forms
    return found


class Words:
    """The words of one locale; a msgid without a translation is shown as it is, in English."""

    def __init__(self, locale: str) -> None:
        self.locale = locale if locale in LOCALES else "en"
        self._forms = _catalogue(self.locale)

    def translate(self, msgid: str) -> str:
        """Return a text in this locale."""
        return self._forms.get(msgid, (msgid,))[0]

    def translate_count(self, singular: str, plural: str, count: int) -> str:
        """Return the form of a counted text; Chinese has one form, English two."""
        forms = self._forms.get(singular, (singular, plural))
        return forms[0] if count == 1 else forms[-1]

    def __contains__(self, msgid: str) -> bool:
        return self.locale == "en" or msgid in self._forms
