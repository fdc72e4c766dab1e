"""`tocsin fleet`: how every shop of an installation is, for who runs many."""

from collections.abc import Iterator

import click
import msgspec

from tocsin.cli.start import with_settings
from tocsin.console.ask import ask
from tocsin.console.merchants import Nothing
from tocsin.fleet import Fleet, MerchantHealth
from tocsin.settings import Settings


@click.command()
@with_settings
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fleet(settings: Settings, *, as_json: bool) -> None:
    """Tell how every merchant's stations, printers, sirens and papers are; ends with 1 where somebody has to do something."""
    found = ask(settings, "fleet.read", Nothing(), result=Fleet)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        click.echo(f"Tocsin {found.version}, {found.database}, {len(found.merchants)} merchants")
        for line in (line for one in found.merchants for line in _lines(one)):
            click.echo(line)
    raise SystemExit(0 if all(one.is_well() for one in found.merchants) else 1)


def _lines(one: MerchantHealth) -> Iterator[str]:
    yield f"{'ok ' if one.is_well() else 'NO '} {one.name} ({', '.join(one.shops)})"
    for kind, parts in (("station", one.stations), ("printer", one.printers), ("siren", one.sirens)):
        for part in (part for part in parts if not part.is_well()):
            yield f"     {kind} {part.name}: {part.state or 'never seen'}{f', {part.detail}' if part.detail else ''}"
    if one.incidents:
        yield f"     incidents open: {one.incidents}"
    for kind, count in one.problems.items():
        if count:
            yield f"     {kind.replace('_', ' ')}: {count}"
