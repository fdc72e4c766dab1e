"""Words of the pages: those of the whole desk (`core/words`)."""

from tocsin.core.words import LOCALES as LOCALES
from tocsin.core.words import Words as Words
from tocsin.core.words import choose_locale as choose_locale
from tocsin.core.words import known_locale as known_locale
