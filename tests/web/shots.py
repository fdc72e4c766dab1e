"""Which pictures docs/shots holds, and the outlines of the pages they show: what tells that a picture is old.

`.venv/bin/python -m tests.web.gallery --docs` takes anew those that are.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from tests.web.outline import outline, words
from tests.web.samples import SAMPLES
from tests.web.samples_english import ENGLISH
from tocsin.web.assets import SHEETS
from tocsin.web.page import TEMPLATE_DIR, render

ROOT = Path(__file__).parents[2]
FOLDER, OUTLINES, PAGES = ROOT / "docs/shots", ROOT / "docs/shots/outlines.txt", ROOT / "docs/pages.md"
BEGIN, END = "<!-- written by tests/web/gallery.py -->", "<!-- end -->"
MORE = (
    "orders_found orders_empty order_past amend_conflict revise_conflict new_pasted import_preview import_result "
    "scan_current scan_superseded scan_held scan_void sign_in_wechat alarm_calm held_empty problems_none "
    "wall_light wall_sound stations_code printers_first printer_found shift_signing shift_takes sessions_desk lookups_all start_done"
).split()
PHONE = (
    "orders orders_found order amend amend_conflict new_pasted import import_result held revise problems terminal "
    "bulk_job campaigns campaign pictures lookups journal go scan scan_current scan_superseded scan_held scan_void "
    "scan_outside alarm alarm_calm incident mine push received drill sign_in sign_in_wechat password finger owner join "
    "prove lock lock_all lock_account second_person shift shift_takes start install offline error settings printers printers_first"
).split()
SECTIONS = {
    "access": "Doors and people", "orders": "Orders", "tickets": "Tickets", "alarm": "Alarm",
    "settings": "Settings", "wall": "Wall", "phone": "Phone", "lan": "Network", "": "Everywhere",
}  # fmt: skip


class Shot(NamedTuple):
    """One picture: of which sample, how wide, in which language and scheme."""

    name: str
    size: str
    locale: str
    scheme: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return FOLDER / f"{self.name}{'' if self.size == 'pc' else '-phone'}.webp"


def html_of(name: str, locale: str) -> str:
    """Return a sample page; in English with what its handler says in English."""
    template, context = SAMPLES[name]
    html = render(template, locale=locale, **context)
    for text, english in ENGLISH.items() if locale == "en" else ():
        html = html.replace(text, english)
    return html


def is_whole(name: str) -> bool:
    """Tell whether a sample is a page and not a part of one."""
    return "<!doctype html>" in html_of(name, "en")[:500]


@cache
def pictured() -> dict[str, list[Shot]]:
    """Return the pictures of each sample that has some: one sample of each page, and more where states differ."""
    by_template: dict[str, list[str]] = {}
    for name, (template, _) in SAMPLES.items():
        by_template.setdefault(template, []).append(name)
    first = {
        Path(template).stem if Path(template).stem in names else names[0]
        for template, names in by_template.items()
    }
    return {name: shots_of(name) for name in SAMPLES if name in {*first, *MORE} and is_whole(name)}


def shots_of(name: str) -> list[Shot]:
    """Return a sample's pictures: a PC in the language that its facts are in, a phone in Chinese, some light and some dark."""
    turn = crc32(name.encode()) % 3
    told_in = "zh_CN" if _folder(name) in ("alarm", "settings", "wall") else "en"
    pc = Shot(name, "pc", told_in, "dark" if turn == 1 else "light")
    phone = Shot(name, "phone", "zh_CN", "dark" if turn == 2 else "light")
    return [pc, phone] if name in PHONE else [pc]


# — outlines —


def look() -> str:
    """Return the mark of what all pictures depend on: the styles and the icons."""
    files = [TEMPLATE_DIR.parent / "static/css" / name for name in (*SHEETS, "wall.css")]
    return _mark(path.read_text("utf-8") for path in (*files, TEMPLATE_DIR / "icons.html"))


def outlines(names: Iterable[str]) -> str:
    """Return the outlines of these pages, one after another; what many have around them stands at the first."""
    told, first = [f"look {look()}"], dict[str, str]()
    for name in names:
        pages = [html_of(name, locale) for locale in ("en", "zh_CN")]
        lines, texts = outline(pages[0]), zip(*map(words, pages), strict=True)
        around, main = (
            "\n".join((*each, f"words {_mark(text)}")) for each, text in zip(lines, texts, strict=True)
        )
        views = ", ".join(" ".join(shot[1:]) for shot in shots_of(name))
        same = first.setdefault(around, name)
        around = f"as {same}" if same != name else f"around\n{around}"
        told.append(f"== {name} · {_template(name)} · {views}\n{main}\n-- {around}")
    return "\n\n".join(told) + "\n"


def whole(text: str) -> dict[str, str]:
    """Return each page's own outline with what is around it and the common look, by its name."""
    common, *parts = text.strip().split("\n\n== ")
    pages = {part.partition(" · ")[0]: part.partition("\n-- ") for part in parts}
    around = {name: rest for name, (_, _, rest) in pages.items()}
    return {
        name: f"{common}\n{main}\n{around.get(rest.removeprefix('as '), rest)}"
        for name, (main, _, rest) in pages.items()
    }


def old(stored: str, now: str) -> list[str]:
    """Return the pages whose pictures show what is no longer so, and those that are gone."""
    was, is_ = whole(stored), whole(now)
    return sorted(name for name in was.keys() | is_.keys() if was.get(name) != is_.get(name))


def _mark(texts: Iterable[str]) -> str:
    return sha256("\n".join(texts).encode()).hexdigest()[:12]


# — docs/pages.md —


def page_of(pictures: Mapping[str, list[Shot]]) -> str:
    """Return docs/pages.md as it should be: its own words, and each page with its pictures."""
    before, _, rest = PAGES.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    lines = []
    for folder, heading in SECTIONS.items():
        found = [name for name in pictures if _folder(name) == folder]
        lines.append(f"## {heading}")
        for template, names in groupby(sorted(found, key=_template), key=_template):
            lines += [f"### {_title(template, pictures)}", f"`{template}`"]
            lines += [_shown(shot) for name in names for shot in pictures[name]]
    return f"{before}{BEGIN}\n\n" + "\n\n".join(lines) + f"\n\n{END}{after}"


def _title(template: str, pictures: Mapping[str, list[Shot]]) -> str:
    name = next(each for each in pictures if _template(each) == template)
    return html_of(name, "en").partition("<title>")[2].partition("</title>")[0].rpartition(" · ")[0]


def _template(name: str) -> str:
    return SAMPLES[name][0]


def _folder(name: str) -> str:
    return _template(name).rpartition("/")[0]


def _shown(shot: Shot) -> str:
    what = f"{shot.name.replace('_', ' ')}, {'on a phone' if shot.size == 'phone' else 'on a PC'}"
    return f'<img src="shots/{shot.path.name}" width="{250 if shot.size == "phone" else 720}" alt="{what}">'
