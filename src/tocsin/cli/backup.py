"""`tocsin backup`: makes a sealed backup while the desk serves, or lists those that are kept."""

import signal
import sys
from pathlib import Path

import click

from tocsin.cli.start import stop, with_settings
from tocsin.settings import Settings

PASSPHRASE = click.option(
    "--passphrase-file", help="File whose first line is the passphrase; asked for where none is given."
)


@click.command()
@with_settings
@click.argument("place", required=False, default="")
@PASSPHRASE
@click.option(
    "--list", "listing", is_flag=True, help="List the backups of the place instead: name, size, when."
)
@click.option("--keep", type=click.IntRange(min=1), help="Remove older backups of this desk beyond so many.")
def backup(settings: Settings, *, place: str, passphrase_file: str, listing: bool, keep: int | None) -> None:
    """Back the desk up into PLACE, a folder or s3://BUCKET/PREFIX, while it serves or not; else where the settings say."""
    from tocsin.backup.keep import keep_newest
    from tocsin.backup.make import make_backup
    from tocsin.backup.places import open_place

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ended, it leaves no half file
    if not (place or settings.backup_to):
        stop("say where: tocsin backup FOLDER, or set backup_to")
    kept = open_place(place or settings.backup_to, settings)
    if listing:
        for one in kept.listed():
            click.echo(f"{one.name}\t{one.size}\t{one.made_at().isoformat()}")
        return
    made = make_backup(
        settings, kept, read_passphrase(settings, passphrase_file, twice=True), tell=Progress().tell
    )
    click.echo(f"{made.name}\t{made.size} bytes\t{made.rows} rows\t{made.seconds:.1f} s")
    for name in keep_newest(settings, kept, keep) if keep else ():
        click.echo(f"{name}\tremoved")


def read_passphrase(settings: Settings, file: str, *, twice: bool = False) -> str:
    """Return the passphrase: of a file, of the settings' file, or as it is typed."""
    named = file or settings.backup_passphrase_file
    if named:
        try:
            return Path(named).read_text("utf-8").partition("\n")[0].strip()
        except OSError as fault:
            stop(f"the passphrase's file {named} can't be read: {fault.strerror}")
    if not sys.stdin.isatty():
        stop("say the passphrase: --passphrase-file FILE, or set backup_passphrase_file")
    return str(click.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=twice))


class Progress:
    """How far a long work is, on a terminal."""

    def __init__(self) -> None:
        self._shown = ""

    def tell(self, step: str, done: int, whole: int) -> None:
        """Show it where it has changed by a hundredth."""
        text = f"{step} {min(100, done * 100 // max(whole, 1))} %"
        if text != self._shown and sys.stderr.isatty():
            click.echo(f"\r{text:<20}", nl=False, err=True)
            self._shown = text
