"""`bin/prove privacy`: a person put into every place, exported, erased, then searched for byte by byte in every file."""

import argparse
import base64
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.counter import open_counter
from tests.databases import PostgresServer
from tests.orders.planted import HIM, erase, plant
from tests.proofs.running import ENGINES
from tocsin.core.db import Database
from tocsin.core.forget import parties_of, person_by_phone
from tocsin.core.journal import read_journal
from tocsin.core.log import set_up_log
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import open_vault
from tocsin.migrations.upgrade import upgrade_postgres, upgrade_sqlite
from tocsin.orders.erase import get_erasure


def needles(key: bytes) -> list[bytes]:
    """Return the person's texts as files may hold them, and his wrapped key, which must be gone as well."""
    texts = (HIM.name, HIM.phone, HIM.address)
    plain = [text.encode(encoding) for text in texts for encoding in ("utf-8", "utf-16-le", "gb18030")]
    return [
        *plain,
        *(base64.b64encode(one)[:-3] for one in plain),
        *(json.dumps(t)[1:-1].encode() for t in texts),
        key,
    ]


def hits(folders: list[Path], wanted: list[bytes]) -> dict[str, int]:
    """Return in which files how many needles stand."""
    found = {}
    for folder in folders:
        for path in [folder] if folder.is_file() else [p for p in folder.rglob("*") if p.is_file()]:
            data = path.read_bytes()
            count = sum(one in data for one in wanted)
            if count:
                found[str(path)] = count
    return found


def run(folder: Path, db: Database, files: Path) -> dict[str, Any]:
    """Plant, search, export and erase him, and search again, in one database whose files are in a folder."""
    exports, log = folder / "downloads", folder / "desk.log"
    with log.open("w") as stream, open_counter(db) as counter:
        set_up_log("debug", stream)
        plant(counter, exports)
        person_id = counter.ask(person_by_phone, phone=HIM.phone)
        key = counter.ask(parties_of, person_id=person_id)[0].wrapped_key
        db.compact()
        wanted = needles(bytes(key))
        before = hits([files, exports], wanted)
        erasure_id = erase(counter, exports)
        db.compact()
        done = json.loads(counter.ask(get_erasure, erasure_id=erasure_id).found)
        told = msgspec.json.encode(counter.ask(read_journal, limit=1000))
        set_up_log("info")
        return {
            "places": len(done) + 3, "found": done, "planted_fault_found": len(before) >= 2 and min(done.values()) > 0,
            "hits_database": sum(hits([files], wanted).values()), "hits_journal": sum(one in told for one in wanted),
            "hits_exports": sum(hits([exports], wanted).values()), "hits_logs": sum(hits([log], wanted).values()),
        }  # fmt: skip


def on(engine: str) -> dict[str, Any]:
    """Prove it on one engine, in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="tocsin-privacy-") as name:
        folder = Path(name)
        vault = open_vault(folder / "keys" / "installation.key")
        (folder / "downloads").mkdir()
        if engine == "sqlite":
            upgrade_sqlite(folder / "db" / "desk.sqlite")
            db: Database = SqliteDatabase(folder / "db" / "desk.sqlite", vault)
            try:
                return run(folder, db, folder / "db")
            finally:
                db.close()  # type: ignore[attr-defined]
        server = PostgresServer()
        try:
            upgrade_postgres(server.url("postgres"))
            db = PostgresDatabase(server.url("postgres"), vault)
            try:
                return run(folder, db, server.folder / "data" / "base")
            finally:
                db.close()  # type: ignore[attr-defined]
        finally:
            server.stop()


def main(given: list[str]) -> dict[str, Any]:
    """Read the options, and prove on each engine."""
    asked = argparse.ArgumentParser(prog="bin/prove privacy")
    asked.add_argument("--engine", choices=ENGINES, action="append")
    engines, began = asked.parse_args(given).engine or list(ENGINES), time.monotonic()
    found = {engine: on(engine) for engine in engines}
    every = list(found.values())
    sums = {name: sum(one[name] for one in every) for name in every[0] if name.startswith("hits_")}
    planted = all(one["planted_fault_found"] for one in every)
    return {
        "places": min(one["places"] for one in every), **sums, "planted_fault_found": planted,
        "holds": planted and not any(sums.values()), "by_engine": found, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
