"""`tocsin restore`: brings a backup back into an empty data folder or database, where nothing acts by itself."""

from pathlib import Path

import click

from tocsin.backup.place import Place
from tocsin.backup.settle import NUMBERS_SKIPPED
from tocsin.cli.backup import PASSPHRASE, Progress, read_passphrase
from tocsin.cli.start import stop, with_settings
from tocsin.core.clock import to_datetime
from tocsin.settings import Settings


@click.command()
@with_settings
@click.argument("place")
@PASSPHRASE
@click.option("--name", default="", help="Name of the backup; the newest of the place if not given.")
@click.option(
    "--check", is_flag=True, help="Only read it to its end, and say whether it is whole: nothing is restored."
)
@click.option(
    "--skip",
    type=click.IntRange(min=0),
    default=NUMBERS_SKIPPED,
    help="Order numbers that each shop skips at least; 10000 if not given.",
)
@click.option(
    "--erased",
    type=click.Path(exists=True, dir_okay=False),
    help="A newer erased.txt of the desk that is gone.",
)
def restore(
    settings: Settings,
    *,
    place: str,
    passphrase_file: str,
    name: str,
    check: bool,
    skip: int,
    erased: str | None,
) -> None:
    """Restore a backup from PLACE: its file, a folder, or s3://BUCKET/PREFIX."""
    from tocsin.backup.places import open_place
    from tocsin.backup.restore import check_backup, restore_backup

    if Path(place).is_file():
        place, name = str(Path(place).parent), Path(place).name
    kept = open_place(place, settings)
    found = name or next((one.name for one in reversed(kept.listed())), "")
    if not found:
        stop(f"there is no backup in {place}")
    passphrase, tell = read_passphrase(settings, passphrase_file), Progress().tell
    newer = Path(erased).read_bytes() if erased else _erased_since(kept, found)
    with kept.reading(found) as file:
        done = (
            check_backup(file, passphrase, tell=tell)
            if check
            else restore_backup(settings, file, passphrase, skip=skip, erased=newer, tell=tell)
        )
    made_at = to_datetime(done.manifest.made_at_us, settings.zone).isoformat(timespec="seconds")
    click.echo(f"{found}\t{done.rows} rows\tmade {made_at}\t{'whole' if check else 'restored'}")
    if not check:
        click.echo(
            "Start the desk with serve. Sessions have ended; keys and stations wait on its page /restored."
        )


def _erased_since(place: Place, name: str) -> bytes:
    """Return the place's own list of who was erased: of an older backup it is the newer one."""
    from tocsin.backup.erased import read_erased

    return read_erased(place, name.split("-")[1] if name.count("-") > 1 else "")
