"""`tocsin verify`: whether the sealed journal is whole, beside a desk that serves or not."""

from pathlib import Path

import click
import msgspec

from tocsin.cli.start import stop, with_settings
from tocsin.core.clock import now_us, to_datetime
from tocsin.core.seal import UNSEALED_MOST, Checkpoint, Lag, newest_checkpoint, seal_lag
from tocsin.core.seal_verify import verify_journal
from tocsin.core.tenant import list_merchants
from tocsin.settings import Settings

SAID = {
    "changed": "an entry was changed, removed or slipped in",
    "signature": "a checkpoint was not signed by this desk",
    "shortened": "the journal was cut short, or the database is older than the kept checkpoint",
    "foreign": "the kept checkpoint is not of this desk and merchant",
}


@click.command()
@with_settings
@click.option("--merchant", type=int, default=0, help="Id of one merchant; all if not given.")
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False),
    help="A checkpoint that was kept elsewhere, of the one merchant.",
)
@click.option(
    "--export",
    "folder",
    help="Folder into which each merchant's newest checkpoint is written, to be kept elsewhere.",
)
def verify(settings: Settings, *, merchant: int, checkpoint: str | None, folder: str | None) -> None:
    """Hash every sealed entry of the journal anew, and compare it with each checkpoint; ends with 1 where one does not agree."""
    from tocsin.opening import open_reader

    db, broken = open_reader(settings), False
    try:
        found = [one for one in db.read(0, list_merchants) if merchant in (0, one.id)]
        if not found:
            stop(f"there is no merchant {merchant}")
        if checkpoint and len(found) > 1:
            stop("a checkpoint is of one merchant: name him with --merchant")
        elsewhere = _read(Path(checkpoint)) if checkpoint else None
        for one in found:
            kept = settings.path("keys", "journal", f"{one.id}.json")
            breach = verify_journal(db, one.id, kept=kept, elsewhere=elsewhere)
            lag = db.read(one.id, seal_lag)
            said = f"BROKEN at entry {breach.size}: {SAID[breach.why]}" if breach else "whole"
            click.echo(f"{one.id}\t{one.name}\t{_tell(lag, settings.zone)}\t{said}")
            broken = broken or breach is not None
            newest = db.read(one.id, newest_checkpoint)
            if folder and newest is not None and breach is None:
                target = Path(folder) / f"checkpoint-{one.id}-{newest.size}.json"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(msgspec.json.encode(newest))
                click.echo(str(target))
    finally:
        db.close()
    raise SystemExit(1 if broken else 0)


def _tell(lag: Lag, zone: str) -> str:
    sealed = f"{lag.size} entries sealed"
    if lag.sealed_at_us:
        sealed += f", {to_datetime(lag.sealed_at_us, zone).isoformat(timespec='seconds')}"
    if not lag.unsealed:
        return sealed
    count = f"more than {UNSEALED_MOST}" if lag.unsealed > UNSEALED_MOST else str(lag.unsealed)
    return f"{sealed}; {count} wait, the oldest for {max(0, now_us() - lag.oldest_us) // 1_000_000} s"


def _read(path: Path) -> Checkpoint:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except msgspec.DecodeError:
        return stop(f"{path} is no checkpoint")  # type: ignore[no-any-return]
