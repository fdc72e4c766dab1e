"""Words: what people read, in their language, from the gettext .po files (English is the msgid).

A language is a folder under `locale`: one more folder is one more language, in every list of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from gettext import c2py
from pathlib import Path

from babel import Locale

LOCALE_DIR = Path(__file__).parent.parent / "locale"
ENGLISH = "en"


def find_locales(folder: Path) -> dict[str, str]:
    """Return the languages by their codes, each under its own name; two of one language say their countries too."""
    codes = [*sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/tocsin.po")), ENGLISH]
    known = {code: Locale.parse(code) for code in codes}
    shared = Counter(one.language for one in known.values())
    return {code: _own_name(one, alone=shared[one.language] == 1) for code, one in known.items()}


def _own_name(locale: Locale, *, alone: bool) -> str:
    name = (locale.get_language_name() if alone else locale.get_display_name()) or str(locale)
    return name[:1].upper() + name[1:]


LOCALES = find_locales(LOCALE_DIR)


def known_locale(locale: str) -> str:
    """Return a language that the desk has: this one, else English."""
    return locale if locale in LOCALES else ENGLISH


def choose_locale(wanted: Iterable[str], *, accepted: str, otherwise: str) -> str:
    """Return the first of the wanted languages that the desk has; else what a browser likes best; else another.

    Args:
        accepted: an Accept-Language header; where it likes none of the desk's, English is read.

    Source: RFC 9110, 12.5.4 Accept-Language.
    """
    found = next((one for one in wanted if one in LOCALES), "")
    return found or (_liked(accepted) or ENGLISH if accepted else known_locale(otherwise))


def _liked(accepted: str) -> str:
    weighed = [_weigh(part) for part in accepted.split(",")[:20]]
    for tag, weight in sorted(weighed, key=lambda one: -one[1]):
        if found := _nearest(tag) if weight > 0 else "":
            return found
    return ""


def _weigh(part: str) -> tuple[str, float]:
    tag, _, weight = part.partition(";")
    try:
        return tag.strip().lower(), float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        return tag.strip().lower(), 0.0


def _nearest(tag: str) -> str:
    codes = {code.lower().replace("_", "-"): code for code in LOCALES}
    language = tag.partition("-")[0]
    of_language = (code for low, code in codes.items() if low.partition("-")[0] == language)
    return codes.get(tag) or next(of_language, "")


class _Catalogue:
    """The texts of one language, and which of a counted text's forms a number takes."""

    def __init__(self, forms: dict[str, tuple[str, ...]], form_of: Callable[[int], int]) -> None:
        self.forms, self.form_of = forms, form_of


@cache
def _catalogue(locale: str) -> _Catalogue:
    path = LOCALE_DIR / locale / "LC_MESSAGES" / "tocsin.po"
    if not path.is_file():
        return _Catalogue({}, lambda count: int(count != 1))
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if msgid and forms and all(forms) and not message.fuzzy:
            found[msgid] = forms
    return _Catalogue(found, c2py(catalogue.plural_expr))


class Words:
    """The words of one locale; a msgid without a translation is shown as it is, in English."""

    def __init__(self, locale: str) -> None:
        self.locale = known_locale(locale)
        self._catalogue = _catalogue(self.locale)

    @property
    def is_chinese(self) -> bool:
        """Tell whether what exists in Chinese and English alone, such as the query language, is read in Chinese."""
        return self.locale.partition("_")[0] == "zh"

    @property
    def tag(self) -> str:
        """Return the language as HTML names it: `zh-CN`."""
        return self.locale.replace("_", "-")

    @property
    def direction(self) -> str:
        """Return `ltr`, or `rtl` where the language runs from right to left."""
        return Locale.parse(self.locale).text_direction

    def translate(self, msgid: str) -> str:
        """Return a text in this locale."""
        return self._catalogue.forms.get(msgid, (msgid,))[0]

    def translate_count(self, singular: str, plural: str, count: int) -> str:
        """Return the form of a counted text that the language has for a number: Chinese has one, English two, Polish three."""
        forms = self._catalogue.forms.get(singular)
        if forms is None:
            return singular if count == 1 else plural
        return forms[min(self._catalogue.form_of(count), len(forms) - 1)]

    def __contains__(self, msgid: str) -> bool:
        return self.locale == ENGLISH or msgid in self._catalogue.forms
