"""What a day is lived on: a size, a language, light or dark."""

from itertools import product

from msgspec import Struct

from tocsin.core.words import Words

SIZES = ((1440, 900), (390, 844))
LOCALES = ("zh_CN", "en")
SCHEMES = ("light", "dark")


class Surface(Struct, frozen=True):
    """One of eight."""

    width: int
    height: int
    locale: str
    scheme: str

    @property
    def phone(self) -> bool:
        """Tell whether it is held in one hand."""
        return self.width < 600

    @property
    def name(self) -> str:
        """Return its name, as in `phone-zh-dark`."""
        return f"{'phone' if self.phone else 'pc'}-{self.locale[:2]}-{self.scheme}"

    def say(self, text: str) -> str:
        """Return a text of the desk in this language."""
        return Words(self.locale).translate(text)


SURFACES = tuple(
    Surface(width, height, locale, scheme)
    for (width, height), locale, scheme in product(SIZES, LOCALES, SCHEMES)
)
