"""飞鹅云 (Feie): its printers hang on its cloud, which takes marked-up text and tells afterwards whether it was printed.

Off by default: papers leave the site with all that they say. Source: developer.feieyun.com (Open_printMsg,
Open_queryOrderState, Open_queryPrinterStatus; signature SHA-1 of user, UKEY and time).
"""

import hashlib
import time
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tocsin.tickets.cloud import ANSWER_SECONDS, Said, ask_cloud, cloud_away, give_paper, require_said
from tocsin.tickets.markup import Tags
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report

URL = "https://api.feieyun.cn/Api/Open/"
TAGS = Tags(
    "<BR>", "--------------------------------", ("<CB>", "</CB>"), ("<BOLD>", "</BOLD>"), ("<QR>", "</QR>")
)
_Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[!-~]+$")]


class FeieOptions(Struct, frozen=True, kw_only=True):
    """The account and its UKEY, the printer's number, and that the merchant knows that data leaves the site."""

    user: _Name
    ukey: _Name
    sn: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{6,20}$")]
    data_leaves_site: bool = False
    paper_mm: Literal[58, 80] = 80

    def __post_init__(self) -> None:
        """Refuse one that was set up without saying so."""
        require_said(self.data_leaves_site)


class FeiePrinter:
    """Gives a paper to the cloud and asks it later; `printed` means that the cloud says so of its order."""

    name = "feie"
    confirms = True
    cloud = True
    at_station = False
    hidden = frozenset({"ukey"})
    form: Form = "content"
    reports: frozenset[Report] = frozenset({"online"})
    options = FeieOptions

    def probe(self, options: FeieOptions) -> PrinterStatus:
        """Return how the cloud says that the printer is."""
        said = _ask(options, "Open_queryPrinterStatus", sn=options.sn)
        if said.number("ret") != 0:
            return cloud_away(said)
        state = said.text("data").lower()
        if "离线" in state or "off-line" in state or "offline" in state:
            return cloud_away(said, "offline")
        if "不正常" in state or "abnormal" in state:  # most often it is out of paper
            return cloud_away(said, "device_error")
        if "正常" in state or "normal" in state:
            return PrinterStatus(online=True, paper="unknown")
        return cloud_away(said, "garbled")

    def send(self, options: FeieOptions, drawn: Drawn) -> PrintOutcome:
        """Give a paper to the cloud, once; it is told to throw it away where it can't print it in time."""
        until = str(int(time.time()) + ANSWER_SECONDS)
        post = partial(_ask, options, "Open_printMsg", sn=options.sn, times="1", expired=until)
        return give_paper(
            drawn, TAGS, probe=lambda: self.probe(options), post=lambda text: post(content=text), result="ret",
            order=lambda said: said.text("data"),
        )  # fmt: skip

    def ask_end(self, options: FeieOptions, remote: str) -> PrintOutcome | None:
        """Return what became of a paper that the cloud took, None while it does not say."""
        said = _ask(options, "Open_queryOrderState", orderid=remote)
        printed = said.number("ret") == 0 and (said.told or {}).get("data") is True
        return PrintOutcome(result="printed", bytes_left=True) if printed else None


def _ask(options: FeieOptions, name: str, **form: str) -> Said:
    stamp = str(int(time.time()))
    signed = hashlib.sha1((options.user + options.ukey + stamp).encode()).hexdigest()  # noqa: S324 - the cloud's
    asked = {"user": options.user, "stime": stamp, "sig": signed, "apiname": name, **form}
    return ask_cloud("feie", URL, form=asked)


PLUGIN = FeiePrinter()
