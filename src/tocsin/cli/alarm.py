"""`tocsin alarm`: what is open, and silence, acknowledge, clear and posture, from the machine that runs the desk."""

import click

from tocsin.alarm.posture import STATES
from tocsin.cli.start import MERCHANT, with_settings
from tocsin.console.alarm import ActIn, AlarmOut, ListIn, PostureIn
from tocsin.console.ask import ask
from tocsin.core.clock import to_datetime
from tocsin.settings import Settings

_INCIDENT = click.argument("incident", type=int, required=False, default=0)
_NOTE = click.option("--note", default="", help="What you found; it is kept with the incident.")


@click.group()
def alarm() -> None:
    """Look at the alarm and act on it where nobody can sign in."""


@alarm.command("list")
@with_settings
@MERCHANT
@click.option("--all", "everything", is_flag=True, help="Those that are over too.")
def list_(settings: Settings, *, merchant: int, everything: bool) -> None:
    """List the posture and the open incidents: id, since when, level, state, how many signals, what."""
    found = ask(settings, "alarm.list", ListIn(merchant, everything), result=AlarmOut)
    click.echo(f"posture\t{found.posture}")
    for one in found.incidents:
        state = (
            "over"
            if one.over
            else "acknowledged"
            if one.acknowledged
            else "silenced"
            if one.silenced
            else "open"
        )
        since = to_datetime(one.raised_at_us, settings.zone).isoformat(timespec="seconds")
        click.echo(f"{one.id}\t{since}\t{one.level}\t{state}\t{one.signals}\t{one.kind} {one.why}")


@alarm.command("silence")
@with_settings
@MERCHANT
@_NOTE
@_INCIDENT
def silence(settings: Settings, *, merchant: int, note: str, incident: int) -> None:
    """Stop the noise of an incident, or of all; the light stays."""
    _act(settings, "silence", ActIn(incident, note, merchant))


@alarm.command("acknowledge")
@with_settings
@MERCHANT
@_NOTE
@_INCIDENT
def acknowledge(settings: Settings, *, merchant: int, note: str, incident: int) -> None:
    """Say that you have an incident, or all: nobody else is called."""
    _act(settings, "acknowledge", ActIn(incident, note, merchant))


@alarm.command("clear")
@with_settings
@MERCHANT
@_NOTE
@_INCIDENT
def clear(settings: Settings, *, merchant: int, note: str, incident: int) -> None:
    """Say that an incident is over, or all: light and sound end."""
    _act(settings, "clear", ActIn(incident, note, merchant))


@alarm.command("posture")
@with_settings
@MERCHANT
@click.option("--reason", required=True, help="Why; everybody reads it.")
@click.argument("state", type=click.Choice(STATES))
def posture(settings: Settings, *, merchant: int, reason: str, state: str) -> None:
    """Set the posture of the desk."""
    set_ = ask(settings, "alarm.posture", PostureIn(state, reason, merchant), result=str)
    click.echo(f"posture\t{set_}")


def _act(settings: Settings, verb: str, given: ActIn) -> None:
    for incident_id in ask(settings, f"alarm.{verb}", given, result=list[int]):
        click.echo(f"{incident_id}\t{verb}")
