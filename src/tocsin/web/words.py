"""Words of the pages: those of the whole desk (`core/words`)."""

from tocsin.core.words import LOCALES as LOCALES
from tocsin.core.words import Words as Words
