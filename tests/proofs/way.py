"""`bin/prove way`: 65 real orders from a sheet to paper over HTTP; wrong ones are held, nothing is unchecked or unrecorded."""

import argparse
import time
from decimal import Decimal
from typing import Any

from tests.peers.escpos_peer import EscposPeer
from tests.proofs.asking import Client, add_printer, become_owner
from tests.proofs.ledger import approved_jobs, papers_by_job, recorded_looks
from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground, wait_until
from tests.proofs.sheet import SHEET, expected_errors, read_sheet, without_lines, wrong_sums

WHOLE = ("take", "look", "revise", "print_all", "count")
# Each fault, the figure that must give it away, and how far one must walk to see it.
FAULTS = {
    "find_nothing": ("held_sum_order", ("take", "look")),
    "check_nothing": ("papers_without_check", WHOLE),
    "record_nothing": ("lookups_unrecorded", ("take", "look", "count")),
}
_SUMMED = (
    "imported", "held_sum_order", "held_no_lines", "quarantined", "revised_then_printed", "papers", "papers_without_check",
    "lookups", "lookups_unrecorded",
)  # fmt: skip


class Walk:
    """One walk of the sheet's orders through a desk, and what was seen on it."""

    def __init__(self, desk: RunningDesk, peer: EscposPeer) -> None:
        self.desk, self.peer = desk, peer
        self.client: Client = become_owner(desk)
        self.terminal = add_printer(self.client, peer.port)
        # The sheet's addresses were made anonymous: none has a number.
        shown = self.client.get("/checks")
        self.client.post("/checks", {"levels": {"address_short": "I"}, "revision": shown["revision"]})
        self.figures: dict[str, Any] = {}

    def take(self) -> None:
        """Import the sheet, and wait until the desk has checked every order by itself."""
        answer = self.client.send_sheet(SHEET.read_bytes())
        self.figures["imported"] = answer["counts"]["new"]
        checked = wait_until(
            lambda: all(row["checked"] for row in self.client.screen()), seconds=60, step_seconds=0.3
        )
        self.figures["all_checked"] = checked
        stored = int(self.desk.rows("SELECT count(*) FROM quarantine")[0][0])
        self.figures["quarantined"] = answer["counts"]["bad"] + stored

    def look(self) -> None:
        """Look every order up, find what is wrong with it, and compare with the cells."""
        sheet = read_sheet()
        orders = {row["external_id"]: row for row in self.client.screen()}
        held = {name: self._open_errors(row["number"]) for name, row in orders.items()}
        shown = {name: {code for code, _ in found} for name, found in held.items()}
        sums = {name for name, codes in shown.items() if "sum_order" in codes}
        empty = {name for name, found in held.items() if ("required", "lines") in found}
        self.figures |= {
            "held_sum_order": len(sums), "held_no_lines": len(empty), "sums_as_computed": sums == wrong_sums(),
            "lines_as_computed": empty == without_lines(),
            "with_several_findings": sum(len(codes) > 1 for codes in shown.values()),
            "findings_as_computed": all(shown.get(name) == expected_errors(rows) for name, rows in sheet.items()),
            "screened_sum_order": len(self.client.screen(finding="sum_order")),
        }  # fmt: skip
        for name, row in orders.items():
            order = self.client.look_up(row["number"])
            if len(sheet[name]) > 1:
                self.client.search(name[-4:])
                self.client.search(order["lines"][0]["sku"] if order["lines"] else name)
        self.client.search("大梨")
        self.client.reveal(self.client.look_up(next(iter(orders.values()))["number"]))
        self.orders, self.sums = orders, sums

    def revise(self) -> None:
        """Mend a sum that can be mended: mark the order paid, let the adjustment say the difference, print it."""
        printed = list[str]()
        for name in sorted(self.sums):
            order = self.client.look_up(self.orders[name]["number"])
            # What the shop has closed stays closed, and where nothing is sold nothing can be printed.
            if order["payment"] == "closed" or not order["lines"]:
                continue
            if order["payment"] != "paid":
                self.client.post(
                    f"/orders/{order['number']}/marks", {"payment": "paid", "reason": "货到已付"}
                )
            revised = self.client.post(
                f"/orders/{order['number']}/revision",
                {"seen": order["revision"], "reason": "金额不符，补记调整",
                 "changes": {"totals": {"adjustment": str(_missing_adjustment(order["totals"]))}}},
            )  # fmt: skip
            self._wait_for_papers()
            states = [self.client.get(f"/prints/{job}")["state"] for job in revised["prints"]]
            if revised["passed"] and revised["revision"] == 2 and states == ["printed"]:
                printed.append(name)
        self.figures |= {"revised_then_printed": len(printed), "revised": printed}

    def print_all(self) -> None:
        """Acknowledge warnings, then give every other order to the terminal: right ones print, wrong ones are held."""
        for row in self.client.screen(held="acknowledge"):
            codes = {f["code"] for hold in self._open_holds(row["number"]) for f in hold["findings"]}
            self.client.post(
                f"/orders/{row['number']}/acknowledgements", {"revision": row["revision"], "codes": sorted(codes)}
            )  # fmt: skip
        wanted = [
            {"number": row["number"], "seen": row["revision"]}
            for row in self.client.screen()
            if row["desk_state"] != "printed"
        ]
        receipt = self.client.post(f"/terminals/{self.terminal}/prints", {"orders": wanted})
        results = [one["result"] for one in receipt["results"]]
        self.figures |= {"asked": len(wanted), "held_at_terminal": results.count("held")}
        self._wait_for_papers()

    def count(self) -> None:
        """Stop the desk and read from the database what there must be for each paper and each look-up."""
        self.desk.stop()
        papers, approved = papers_by_job(self.desk, self.peer), approved_jobs(self.desk)
        self.figures |= {
            "papers": sum(papers.values()),
            "papers_without_check": sum(n for job, n in papers.items() if job not in approved),
            "papers_twice": sum(n - 1 for n in papers.values()),
            "lookups": sum(self.client.looked.values()),
            "lookups_unrecorded": sum((self.client.looked - recorded_looks(self.desk)).values()),
        }

    def _wait_for_papers(self) -> None:
        wait_until(
            lambda: not any(self.client.get("/prints", state=s) for s in ("queued", "sending")), seconds=90
        )

    def _open_holds(self, number: str) -> list[Any]:
        return [hold for hold in self.client.get(f"/orders/{number}/holds") if not hold["closed_at"]]

    def _open_errors(self, number: str) -> set[tuple[str, str]]:
        holds = self._open_holds(number)
        return {(f["code"], f["field"]) for hold in holds for f in hold["findings"] if f["level"] == "E"}


def walk_way(
    ground: Ground, engine: str, *, fault: str = "", steps: tuple[str, ...] = WHOLE
) -> dict[str, Any]:  # fmt: skip
    """Walk the way on a new desk, by default the whole of it; return what was counted."""
    desk = ground.make_desk(engine)
    with EscposPeer() as peer:
        desk.start(fault=fault)
        try:
            walk = Walk(desk, peer)
            for step in steps:
                getattr(walk, step)()
            return walk.figures
        finally:
            desk.stop()


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    promised = {
        "imported": len(read_sheet()), "held_sum_order": len(wrong_sums()), "held_no_lines": len(without_lines()),
        "quarantined": 0, "papers_without_check": 0, "papers_twice": 0, "lookups_unrecorded": 0, "all_checked": True,
        "sums_as_computed": True, "lines_as_computed": True, "findings_as_computed": True,
        "screened_sum_order": len(wrong_sums()),
    }  # fmt: skip
    wrong = [name for name, wanted in promised.items() if found.get(name) != wanted]
    least = {
        "revised_then_printed": 1,
        "papers": 10,
        "lookups": 100,
        "with_several_findings": 1,
        "held_at_terminal": 10,
    }
    return wrong + [name for name, few in least.items() if found.get(name, 0) < few]


def _gives_away(sign: str, found: dict[str, Any]) -> bool:
    return sign in found and sign in broken_promises(found)


def prove_way(engines: tuple[str, ...]) -> dict[str, Any]:
    """Walk with each fault, then with the sound product, on each engine."""
    began, by_engine = time.monotonic(), dict[str, Any]()
    with open_ground() as ground:
        for engine in engines:
            seen = {
                fault: _gives_away(sign, walk_way(ground, engine, fault=fault, steps=steps))
                for fault, (sign, steps) in FAULTS.items()
            }
            print(f"{engine}: planted faults {seen}", flush=True)
            found = walk_way(ground, engine)
            print(f"{engine}: {found}", flush=True)
            by_engine[engine] = found | {"broken_promises": broken_promises(found), "planted_faults": seen}
    joined: dict[str, Any] = {
        name: _join([found[name] for found in by_engine.values()], name) for name in _SUMMED
    }
    joined["planted_fault_found"] = all(all(found["planted_faults"].values()) for found in by_engine.values())
    joined["holds"] = joined["planted_fault_found"] and not any(
        f["broken_promises"] for f in by_engine.values()
    )
    return joined | {"engines": by_engine, "seconds": round(time.monotonic() - began, 1)}


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove way", description=__doc__)
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    asked = parser.parse_args(given)
    return prove_way(ENGINES if asked.engine == "both" else (asked.engine,))


def _join(values: list[int], name: str) -> int:
    """The same on each engine where the sheet decides it; else the sum."""
    decided = name in ("imported", "held_sum_order", "held_no_lines") and len(set(values)) == 1
    return values[0] if decided else sum(values)


def _missing_adjustment(totals: dict[str, Any]) -> Decimal:
    """Return the adjustment with which declared amounts add up to what is payable."""
    has = {name: Decimal(text or 0) for name, text in totals.items()}
    plus = has["goods"] + has["shipping"] + has["tax"] + has["fees"]
    return has["payable"] - (plus - has["promotion"] - has["coupon"] - has["points"])
