"""`bin/prove seal`: six ways to shorten or rewrite the journal, each found; and each missed by a verification that is broken."""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from tests.house import House, make_draft, make_house
from tests.near import uncounted
from tests.proofs.running import ENGINES, ROOT, Ground, RunningDesk, open_ground
from tocsin.alarm.watch_seal import seal_journals
from tocsin.core import clock, ident
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Database
from tocsin.core.journal import JournalEntry
from tocsin.core.seal import Checkpoint, Tree, leaf_of, said_by
from tocsin.core.sqlite import engine as sqlite
from tocsin.opening import open_database
from tocsin.orders.intake import take_in
from tocsin.settings import Settings

_ENTRY = "(SELECT id FROM journal ORDER BY id LIMIT 1 OFFSET 7)"
_LAST = "(SELECT max(size) FROM journal_seal)"
_BEFORE_LAST = f"(SELECT last_id FROM journal_seal WHERE size < {_LAST} ORDER BY size DESC LIMIT 1)"
_COLUMNS = ", ".join(JournalEntry.__struct_fields__)
_OTHERS = ", ".join(JournalEntry.__struct_fields__[1:])
ROUNDS = 4


class Sealed:
    """A desk whose journal is sealed, at rest; its database is anybody's, its key is not."""

    def __init__(self, ground: Ground, engine: str) -> None:
        self.desk: RunningDesk = ground.make_desk(engine)
        self.ground = ground
        self.settings = Settings(data_dir=str(self.desk.folder / "data"), database_url=self.desk.database_url)
        self.older = ""
        self._fill()

    def run(self, *statements: str, values: tuple[Any, ...] = ()) -> None:
        """Change the database past the product, as who has all rights over it."""
        if self.desk.database_url:
            with psycopg.connect(self.desk.database_url) as connection:
                for statement in statements:
                    connection.execute(statement.replace("?", "%s"), values or None)  # type: ignore[arg-type]
            return
        with closing(sqlite.connect(str(self._file), isolation_level=None)) as connection:
            for name in ("journal", "journal_seal"):
                for act in ("update", "delete"):
                    connection.execute(f"DROP TRIGGER IF EXISTS {name}_no_{act}")
            for statement in statements:
                connection.execute(statement, values)

    def roll_back(self) -> None:
        """Put the whole database back to where it was."""
        if self.desk.database_url:
            self.desk.database_url = self.older
        else:
            shutil.copy(self.older, self._file)

    def verify(self, *, fault: str = "") -> bool:
        """Tell whether `tocsin verify` calls the journal whole."""
        given = ["--database-url", self.desk.database_url] if self.desk.database_url else []
        program = ["tests.proofs.broken_verify", fault] if fault else ["tocsin"]
        done = subprocess.run(
            [sys.executable, "-m", *program, "verify", "--data-dir", self.settings.data_dir, *given],
            cwd=ROOT, env=uncounted(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0

    @property
    def _file(self) -> Path:
        return self.desk.folder / "data" / "desk.sqlite"

    def _fill(self) -> None:
        db = open_database(self.settings)
        house = make_house(db)
        self.merchant_id = house.merchant_id
        for place in range(ROUNDS):
            if place == ROUNDS - 1:
                db.close()
                self._keep_older()
                db = open_database(self.settings)
            self._work(House(db, house.merchant_id, house.shop), place, db)
        db.close()
        clock.shift_clock(0)
        ident._maker = ident.IdMaker()  # the next desk begins at its own time

    def _work(self, house: House, place: int, db: Database) -> None:
        for one in range(5):
            draft = make_draft(external_id=f"{place}-{one}", quantity=one + 1)
            db.write(house.merchant_id, lambda tx, draft=draft: take_in(tx, house.actor(), draft))
        clock.shift_clock(2 * (place + 1) * MINUTE_US)
        assert seal_journals(db, self.settings.path("keys", "journal")) == 1

    def _keep_older(self) -> None:
        if self.desk.database_url:
            name = f"older_{self.desk.database_url.rpartition('/')[2]}"
            server = self.ground.postgres()
            server.sql(f"CREATE DATABASE {name} TEMPLATE {self.desk.database_url.rpartition('/')[2]}")
            self.older = server.url(name)
        else:
            self.older = str(self._file.with_name("older"))
            shutil.copy(self._file, self.older)


def _change(sealed: Sealed) -> None:
    sealed.run(f"UPDATE journal SET verb = 'orders.release' WHERE id = {_ENTRY}")


def _remove(sealed: Sealed) -> None:
    sealed.run(f"DELETE FROM journal WHERE id = {_ENTRY}")


def _slip_in(sealed: Sealed) -> None:
    sealed.run(
        f"INSERT INTO journal (merchant_id, {_COLUMNS}) SELECT merchant_id, id + 1, {_OTHERS} FROM journal WHERE id = {_ENTRY}"
    )


def _cut_short(sealed: Sealed) -> None:
    sealed.run(
        f"DELETE FROM journal WHERE id > {_BEFORE_LAST}", f"DELETE FROM journal_seal WHERE size = {_LAST}"
    )


def _sign_oneself(sealed: Sealed) -> None:
    """Change an entry, compute every checkpoint anew and sign it with a key of one's own."""
    _change(sealed)
    own, tree, seen = Ed25519PrivateKey.generate(), Tree(), 0
    entries = [JournalEntry(*row) for row in sealed.desk.rows(f"SELECT {_COLUMNS} FROM journal ORDER BY id")]
    fields = ", ".join(Checkpoint.__struct_fields__)
    for row in sealed.desk.rows(f"SELECT {fields} FROM journal_seal ORDER BY size"):
        old = Checkpoint(*row)
        for entry in entries[seen : old.size]:
            tree.add(leaf_of(entry))
        seen = old.size
        made = replace(old, root=tree.root(), edge=tree.edge())
        signed = own.sign(said_by(sealed.merchant_id, made))
        sealed.run(
            f"UPDATE journal_seal SET root = ?, edge = ?, signature = ? WHERE size = {made.size}", values=(made.root, made.edge, signed)
        )  # fmt: skip


# Each attack, with the part of the verification without which it goes through.
ATTACKS: dict[str, tuple[Callable[[Sealed], None], str]] = {
    "change": (_change, "trust_entries"), "remove": (_remove, "trust_entries"), "slip_in": (_slip_in, "trust_entries"),
    "cut_short": (_cut_short, "trust_database"), "sign_oneself": (_sign_oneself, "trust_signatures"),
    "roll_back": (Sealed.roll_back, "trust_database"),
}  # fmt: skip


def attack(ground: Ground, engine: str, name: str) -> dict[str, bool]:
    """Attack a journal; tell whether it was whole before, is caught, and is missed without the part that catches it."""
    act, fault = ATTACKS[name]
    sealed = Sealed(ground, engine)
    whole = sealed.verify()
    act(sealed)
    return {
        "whole_before": whole,
        "caught": not sealed.verify(),
        "missed_when_broken": sealed.verify(fault=fault),
    }


def prove(engines: tuple[str, ...], *, attacks: tuple[str, ...] = tuple(ATTACKS)) -> dict[str, Any]:
    """Make each attack on each engine."""
    began, by_engine = time.monotonic(), dict[str, Any]()
    with open_ground() as ground:
        for engine in engines:
            by_engine[engine] = {name: attack(ground, engine, name) for name in attacks}
            print(f"{engine}: {by_engine[engine]}", flush=True)
    told = {name: [found[name] for found in by_engine.values()] for name in attacks}
    caught = sum(all(one["caught"] and one["whole_before"] for one in told[name]) for name in attacks)
    planted = all(one["missed_when_broken"] for name in attacks for one in told[name])
    return {
        "attacks": len(attacks), "caught": caught, "planted_fault_found": planted,
        "holds": planted and caught == len(attacks), "engines": by_engine, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove seal", description=__doc__)
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    asked = parser.parse_args(given)
    return prove(ENGINES if asked.engine == "both" else (asked.engine,))
