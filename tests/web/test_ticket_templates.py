"""Settings → Templates: the logo, the choices, and the sample on each paper."""

import io
import re

import httpx
from PIL import Image

from tests.tickets.test_logo import make_picture
from tests.web.pages import Pages, text_of
from tocsin.access.session import csrf_token
from tocsin.core.db import Tx
from tocsin.tickets.copy_choice import ALWAYS, BLOCKS, HIDDEN, NEVER, read_copies
from tocsin.tickets.logo import read_logo

HERE = "/settings/templates"


def form_of(pages: Pages, **more: str) -> dict[str, str]:
    """Return the form as it stands on the page: each ticked box that can be unticked, and the revision."""
    page = pages.get(HERE).text
    boxes = re.findall(r'name="(show\.\w+\.\w+)" value="1"[^>]*? checked>', page)
    [revision] = re.findall(r'action="/settings/templates">.*?name="revision" value="(\d+)"', page, re.S)
    return {**dict.fromkeys(boxes, "1"), "revision": revision, **more}


def send(pages: Pages, data: bytes = b"", *, role: str = "owner", **fields: str) -> httpx.Response:
    who = pages._who(role)
    token = csrf_token(who["cookie"].partition("=")[2])
    return pages.client.post(
        f"{HERE}/logo", files={"logo": ("logo.png", data, "image/png")}, data={"revision": "0", **fields, "csrf": token},
        headers=who, follow_redirects=False,
    )  # fmt: skip


def test_what_is_unticked_is_left_out_and_what_is_fixed_stays(pages: Pages) -> None:
    form = form_of(pages)
    free = {
        f"show.{copy}.{block}" for copy in HIDDEN for block in BLOCKS
        if block not in HIDDEN[copy] and block not in NEVER.get(copy, ()) and block not in ALWAYS.get(copy, ())
    }  # fmt: skip
    assert form.keys() - {"revision"} == free, "the page shows what holds now"
    for gone in ("show.merchant.prices", "show.customer.note"):
        del form[gone]
    assert pages.post(HERE, role="clerk", **form).status_code == 403
    assert (
        pages.post(HERE, **form, **{"show.customer.full_phone": "1"}).headers["location"]
        == f"{HERE}?done=saved"
    )
    kept = pages.db.read(pages.house.merchant_id, read_copies)
    assert kept.of("merchant") == ("prices",) and kept.of("customer") == ("full_phone", "note"), (
        "a forged box changes nothing"
    )
    assert pages.post(HERE, **form).status_code == 409, "somebody was faster"
    now = form_of(pages)
    assert "show.merchant.prices" not in now and now["revision"] == "1"
    no_code = {
        name: value
        for name, value in now.items()
        if name not in ("show.merchant.qr", "show.merchant.barcode")
    }
    refused = pages.post(HERE, **no_code)
    assert refused.status_code == 422 and "without any code" in text_of(refused)


def test_a_logo_is_uploaded_seen_and_removed(pages: Pages) -> None:
    assert pages.get(f"{HERE}/logo.png").status_code == 404
    assert send(pages, make_picture(), role="clerk").status_code == 403
    for wrong, said in (
        (b"", "at most 1 MB"),
        (b"<svg/>", "no PNG or JPEG"),
        (bytes(2 << 20), "at most 1 MB"),
    ):
        answer = send(pages, wrong)
        assert answer.status_code == 422 and said in text_of(answer)
    assert send(pages, make_picture("JPEG")).status_code == 303
    assert f"{HERE}/logo.png?v=" in pages.get(HERE).text
    shown = pages.get(f"{HERE}/logo.png")
    assert Image.open(io.BytesIO(shown.content)).mode == "L" and shown.headers["content-type"] == "image/png"
    assert send(pages, make_picture()).status_code == 409
    shop = pages.house.shop.id
    assert (
        send(pages, make_picture(size=(300, 300)), shop=str(shop)).headers["location"]
        == f"{HERE}?shop={shop}&done=saved"
    )
    assert send(pages, make_picture(), shop="7").status_code == 404
    assert send(pages, revision="1", remove="1").status_code == 303

    def read(tx: Tx) -> tuple[str, str]:
        return read_logo(tx), read_logo(tx, shop_id=shop)

    every, own = pages.db.read(pages.house.merchant_id, read)
    assert not every and own


def test_samples_are_drawn_as_the_choices_say(pages: Pages) -> None:
    pages.printer(paper_mm=40, paper_high_mm=30)
    page = pages.get(f"{HERE}?sample=en").text
    pictures = [one.replace("&amp;", "&") for one in re.findall(r'loading="lazy" src="([^"]+)"', page)]
    assert len(pictures) == 24 and "paper=40x30" in pictures[-1], "a printer's own label too"
    assert all("locale=en" in one for one in pictures)
    assert (
        "No room for: Goods" in text_of(pages.get(HERE))
        and "放不下：商品" in pages.get(f"{HERE}?locale=zh_CN").text
    )
    first = pages.get(pictures[1])
    assert Image.open(io.BytesIO(first.content)).width == 384
    form = form_of(pages)
    del form["show.customer.prices"]
    pages.post(HERE, **form)
    again = re.findall(r'loading="lazy" src="([^"]+)"', pages.get(f"{HERE}?sample=en").text)[1].replace(
        "&amp;", "&"
    )
    assert again != pictures[1] and pages.get(again).content != first.content, (
        "its address names what is drawn"
    )
    for wrong in ("copy=boss&paper=80x0&locale=en", "copy=merchant&paper=81x0&locale=en", "copy=merchant&paper=80x0&locale=xx",
                  "copy=merchant&paper=x&locale=en", "copy=merchant&paper=80x0&locale=en&shop=7"):  # fmt: skip
        assert pages.get(f"{HERE}/sample.png?{wrong}").status_code == 404, wrong
