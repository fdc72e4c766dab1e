"""The pages' own files: joined, packed, named by their content, and together small."""

import gzip
import re

import pytest

from tests.web.pages import Pages
from tests.web.samples import SAMPLES
from tocsin.web import assets
from tocsin.web.assets import STATIC, address_of, join_scripts, join_sheets, read_asset
from tocsin.web.page import render

PAGE_BYTES_MOST = 100 * 1024


def test_a_page_loads_at_most_100_kb_packed() -> None:
    """What each page names, as the desk sends it, style and scripts together, also what it fetches once it has been painted."""
    heavy, files = {}, set()
    for name, (template, context) in SAMPLES.items():
        html = render(template, locale="en", **context)
        named = re.findall(r'(?:src|href|data-htmx)="(/static/[^"]+\.(?:js|css)[^"]*)"', html)
        files |= {*named}
        parts = [read_asset(address.removeprefix("/static/").partition("?")[0]) for address in named]
        weight = sum(len(part.packed) for part in parts if part)
        assert None not in parts, name
        if weight > PAGE_BYTES_MOST:
            heavy[name] = weight
    assert not heavy
    assert all("?v=" in address for address in files), files
    assert any("htmx" in address for address in files)


def test_all_scripts_and_sheets_are_in_the_joined_ones() -> None:
    script, sheet = join_scripts(), join_sheets()
    alone = {"camera.js", "codes.js", "photo.js", "offline.js"}
    for path in STATIC.glob("js/*.js"):
        last = re.split(r"^(?:import .*$|export )", path.read_text(), flags=re.MULTILINE)[-1].strip()[-200:]
        assert path.name in alone | {"desk.js"} or last in script, path.name
    own = {"wall.css", "fleet.css"}  # of pages that no desk shares
    for path in STATIC.glob("css/*.css"):
        assert path.name in own or path.read_text() in sheet, f"{path.name} is not named in SHEETS"
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)


@pytest.mark.parametrize(
    "text", ["export default 1;\n", 'import x from "./once.js";\n', "export const a = 1;\nawait a;\n"]
)
def test_a_script_that_cannot_be_joined_says_so(text: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "desk.js").write_text(text)
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    with pytest.raises(ValueError, match=r"desk\.js can't be joined"):
        join_scripts()


def test_a_missing_file_breaks_the_page_that_names_it() -> None:
    with pytest.raises(FileNotFoundError, match=r"js/none\.js"):
        address_of("js/none.js")


def test_files_are_sent_packed_and_kept(pages: Pages) -> None:
    address = address_of("desk.css")
    packed = pages.client.get(address, headers={"accept-encoding": "gzip"})
    plain = pages.client.get(address, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "accept-encoding"
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in plain.headers and packed.text == plain.text == join_sheets()
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3
    again = pages.client.get(address, headers={"if-none-match": packed.headers["etag"]})
    assert again.status_code == 304 and not again.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert pages.client.head(address).headers["content-type"].startswith("text/css")
    assert gzip.decompress(read_asset("desk.js").packed).decode() == join_scripts()  # type: ignore[union-attr]
