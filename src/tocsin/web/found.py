"""Findings and holds as pages show them: in the reader's language, with what the reader may do about them."""

from collections.abc import Collection, Iterable
from typing import Any

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.orders.draft import Order
from tocsin.orders.listing import HeadRow
from tocsin.orders.stop import Hold
from tocsin.tickets.problem import Found
from tocsin.tickets.reenter import printing_on_release
from tocsin.tickets.remembered import REMEMBERABLE
from tocsin.tickets.rule import Finding, message_of, text
from tocsin.tickets.two_persons import may_be_second
from tocsin.web.shell import show_actor
from tocsin.web.words import Words

Shown = dict[str, Any]
RELEASABLE = {
    "manual": "release",
    "later": "hold",
    "failed": "hold",
    "conflict": "amend",
    "refund": "release",
}
# Why a paper did not come out, or may not have: the codes that printers answer with.
REASONS = {
    "unreachable": "The printer does not answer: no byte was sent",
    "refused": "The address refuses the connection: no byte was sent",
    "name_unknown": "The printer's name leads nowhere",
    "network_error": "The network failed",
    "mute": "The printer does not tell its state: no byte was sent",
    "connection_lost": "The connection broke off",
    "outside_networks": "The address is outside the networks that printers may be in: name its network as `printer_networks` in the settings file",
    "other_printer": "Another printer answers in its place: its papers wait until somebody has looked",
    "jam": "Paper is jammed",
    "toner_out": "Ink or toner has run out",
    "garbled": "The printer's answer can't be understood: is this its address, and its kind?",
    "too_old": "The printer's IPP is too old: it makes no jobs whose end can be asked for",
    "no_pdf": "The printer takes no PDF",
    "job_refused": "The printer refused the job: nothing was printed",
    "cancelled_there": "The job was cancelled at the printer",
    "aborted_there": "The printer gave the job up",
    "ribbon_out": "The ribbon has run out",
    "device_error": "The printer reports an error",
    "device_missing": "There is no such device: is its cable plugged in?",
    "device_locked": "The desk may not open the device: give its user the group lp or dialout",
    "device_busy": "Another program has the device",
    "unconfirmed": "The printer did not confirm the paper",
    "paper_out": "Out of paper",
    "paper_low": "The paper is low",
    "cover_open": "The cover is open",
    "silent": "The printer has not come for its papers: is it on, and is its address typed in?",
    "not_fetched": "The printer could not fetch the paper: nothing was printed",
    "cloud_closed": "The settings file gives no papers to this cloud: who runs the desk opens it as `printer_clouds`",
    "cloud_away": "The printer's cloud can't be reached: nothing was given to it",
    "cloud_refused": "The printer's cloud refused: are account, key and number right? Nothing was printed",
    "fetches": "The printer fetches it within ten minutes",
    "told_late": "The printer or its cloud told late that it came out",
    "no_answer": "Nothing was told in time of what became of the paper",
    "cutter": "The cutter is stuck",
    "error": "The printer reports an error",
    "offline": "The printer is offline",
    "stopped": "The desk was stopped while it was sent",
    "restored": "The desk was restored from a backup: it may have come out before",
    "wrong_paper": "The paper has another width than the printer was set up with",
    "too_long": "The ticket has too many lines for a paper",
    "file_error": "The file could not be written",
    "folder_outside": "The folder is outside the data folder's `papers`: set the printer up again",
    "folder_missing": "The folder is not there and could not be made",
    "folder_locked": "The desk may not write into the folder",
    "too old to print unseen": "Too old to be printed unseen",
    "replaced": "Another ticket took its place",
    "the order has changed": "The order has changed since",
    "held": "The order was held",
    "by hand": "Cancelled by hand",
    "released on the page": "Released on the page",
    "came_out": "It came out, says a person",
    "did_not": "It did not come out, says a person",
    "came_after_all": "It came out after all, though a person said that it had not: look for two papers, and pull one",
    "spoiled": "Spoiled, says a person",
    "station_away": "Its station is not there",
    "station_old": "Its station does not know how to print so: bring it up to date",
    "taken_over": "Another process of the desk had taken over: no byte was sent",
    "never_begun": "Its station never began it: no byte was sent",
    "settings": "The printer's settings are wrong: set it up again",
    "fault": "The desk failed while it was sent",
    "The source has changed what the desk amended": "The source has changed what the desk amended",
    "Cancelled or refunded after its ticket was printed: pull the paper":
        "Cancelled or refunded after its ticket was printed: pull the paper",
}  # fmt: skip


def show_finding(finding: Finding, words: Words, *, revision: int = 0, acknowledged_by: str = "") -> Shown:
    """Return a finding as `c.finding` takes it."""
    return {
        "code": finding.code, "level": finding.level, "field": finding.field, "revision": revision,
        "text": text(finding, words.translate(message_of(finding))), "acknowledged_by": acknowledged_by,
        "keeps": finding.level == "W" and finding.code in REMEMBERABLE,
    }  # fmt: skip


def show_found(found: list[Found], words: Words, *, reader: Actor) -> list[Shown]:
    """Return an order's findings as pages take them; `signed` is what the first of two persons has."""
    return [_show_one(one, words, reader) for one in found]


def _show_one(one: Found, words: Words, reader: Actor) -> Shown:
    shown = show_finding(one.finding, words, revision=one.revision, acknowledged_by=one.acknowledged_by)
    if one.two:
        shown |= {"two": True, "keeps": False}
    if one.first:
        first = one.first
        signed = {"by": first.actor_name, "at_us": first.at_us, "second": may_be_second(reader, first)}
        shown |= {"signed": {**signed, "mine": reader.id in (first.person_id, first.key_id)}}
    return shown


def show_holds(
    tx: Tx, holds: Collection[Hold], *, orders: Iterable[Order | HeadRow], actor: Actor, words: Words
) -> list[Shown]:  # fmt: skip
    """Return the open holds of some orders as pages take them; one by the check says no more than its findings do.

    `prints` tells whether its release prints; `job_id` is the paper that a person may say the fate of.
    """
    printing = printing_on_release(tx, actor, holds, orders=orders)
    return [_show_hold(hold, actor, words, prints=hold.id in printing) for hold in holds]


def _show_hold(hold: Hold, actor: Actor, words: Words, *, prints: bool) -> Shown:
    by_check = hold.kind in ("check", "acknowledge")
    releasable = RELEASABLE.get(hold.kind, "") in actor.rights
    return {
        "id": hold.id, "kind": hold.kind, "reason": "" if by_check else show_reason(hold.reason, words),
        "by": show_actor(hold.by_name, words), "since_us": hold.since_us, "until_us": hold.until_us, "revision": hold.revision,
        "order_id": hold.order_id, "releasable": releasable, "prints": releasable and prints,
        "job_id": hold.job_id if hold.kind == "unknown" and actor.may("settle") else None,
    }  # fmt: skip


def show_reason(reason: str, words: Words) -> str:
    """Return a reason code in words; a person's own text stays as it is."""
    return words.translate(REASONS[reason]) if reason in REASONS else reason
