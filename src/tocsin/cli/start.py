"""Starting: settings from the options, one clear line instead of a traceback."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from tocsin.core.errors import Refusal
from tocsin.core.log import set_up_log
from tocsin.settings import Settings, SettingsWrong, load_settings

_WRONG = 2
_SERVED = ("host", "port", "public_url", "lan", "tls_cert", "tls_key")

MERCHANT = click.option(
    "--merchant", type=int, default=0, help="Id of the merchant, where there are several."
)


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where the data is; it is called with `settings`."""

    @wraps(command)
    def run(*, config: str | None, data_dir: str | None, database_url: str | None, **options: Any) -> Any:
        given = {name: options.pop(name) for name in _SERVED if name in options}
        try:
            settings = load_settings(
                Path(config) if config else None, data_dir=data_dir, database_url=database_url, **given
            )
        except (SettingsWrong, OSError, ValueError) as wrong:
            stop(str(wrong))
        set_up_log(settings.log_level)
        with told(), kept_private():
            return command(settings=settings, **options)

    run = click.option("--database-url", help="PostgreSQL's address instead of the embedded database.")(run)
    run = click.option("--data-dir", help="Folder of the data.")(run)
    return click.option("--config", type=click.Path(dir_okay=False), help="A TOML file of settings.")(run)


@contextmanager
def kept_private() -> Iterator[None]:
    """Make what is written readable by its owner alone: the data are personal, from the first file on."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def told() -> Iterator[None]:
    """Say a refusal as one line, and end."""
    try:
        yield
    except Refusal as refusal:
        stop(refusal.message())


def stop(text: str) -> Any:
    """Say one line on standard error and end with status 2."""
    click.echo(f"tocsin: {text}", err=True)
    sys.exit(_WRONG)


def owner_address(settings: Settings, token: str) -> str:
    """Return the one-time link that creates an owner."""
    return f"{settings.base_url()}/owner/{token}"
