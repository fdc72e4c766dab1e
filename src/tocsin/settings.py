"""The process's settings: one frozen struct from a TOML file and `TOCSIN_…` variables.

What a merchant may choose is in `core/preference`, not here.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

# Listening there is reached by this name too.
_EVERYWHERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")
_POSTGRES = "postgresql://"


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsWrong(Exception):
    """A setting is unknown or has the wrong shape; the text names it and where it was read."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one process of Tocsin is told at its start."""

    data_dir: str = "data"
    """Folder of the embedded database, the keys, downloads and printed PDFs."""
    database_url: str = ""
    """`postgresql://…` of an outgrown desk; empty is SQLite in `data_dir`."""
    host: str = "localhost"
    """Host name to serve on: `localhost` is both loopbacks."""
    port: int = 8717
    """TCP port to serve on."""
    public_url: str = ""
    """Address that people and tickets' codes use; empty is `https://<lan>:<port>`, without `lan` `http://localhost:<port>`."""
    lan: str = ""
    """Host name to serve HTTPS on, on all addresses of this machine; empty serves plain HTTP on `host`."""
    install_port: int = 0
    """With `lan`, TCP port of the plain page from which phones install the authority; 0 is the one after `port`."""
    tls_cert: str = ""
    """With `lan`, PEM file of your own certificate and its chain; empty takes ACME or the local authority."""
    tls_key: str = ""
    """PEM file of the key of `tls_cert`."""
    acme_directory: str = ""
    """With `lan`, directory address of an ACME authority to get the certificate from."""
    acme_email: str = ""
    """Address that the ACME authority may write to."""
    acme_dns_hook: str = ""
    """Command that sets the TXT record, called as `COMMAND present|cleanup NAME VALUE`."""
    trusted_proxies: str = ""
    """Proxies whose `X-Forwarded-For` is believed: addresses or CIDRs, separated by commas; empty believes nobody."""
    key_file: str = ""
    """File of the installation key, 32 bytes; empty is `keys/installation.key` in `data_dir`."""
    zone: str = "Asia/Shanghai"
    """Time zone of new shops, an IANA name."""
    locale: str = "zh_CN"
    """Language of new operators, and of who asks without saying his: `zh_CN`, `en`, or another folder of `locale`."""
    request_threads: int = 8
    """Threads that carry requests into the core."""
    database_connections: int = 12
    """Connections kept to the database: readers on SQLite, all on PostgreSQL."""
    print_threads: int = 2
    """Papers that are drawn at the same time; each printer that has work is spoken to by itself."""
    outbound_networks: str = ""
    """Private networks that webhooks may be sent to: addresses or CIDRs, separated by commas; empty is the internet alone."""
    printer_networks: str = ""
    """Networks that printers may be in: addresses or CIDRs, separated by commas; empty is the private ranges."""
    printer_clouds: str = ""
    """Printer clouds that may be given papers, names, phones and addresses of receivers with them: `feie`, `yilianyun`, at another address as `feie=https://…`; empty is none: no data leaves the site by them."""
    upload_limit_bytes: int = 32 * 1024 * 1024
    """Largest request body."""
    body_grace_seconds: int = 20
    """After so many seconds a request whose body comes slower than 16 KiB a second is given up."""
    drain_seconds: int = 5
    """With `database_url`, so many seconds a server that is told to end says so at `/readyz` and goes on serving, for proxies to turn to others."""
    wechat_api_url: str = "https://api.weixin.qq.com"
    """Where the orders of WeChat shops are fetched: another address is for a relay of your own, or for tests."""
    watch_dir: str = ""
    """Folder whose files are imported for the first merchant once they lie still; empty watches none."""
    backup_to: str = ""
    """Where the desk keeps backups that it makes by itself: a folder, or `s3://BUCKET/PREFIX`; empty makes none."""
    backup_s3_endpoint: str = ""
    """Address of the S3-compatible store, `https://…`; empty is Amazon's own."""
    backup_s3_region: str = "us-east-1"
    """Region of the bucket, as its store calls it."""
    backup_s3_key_file: str = ""
    """File with the store's access key in its first line and the secret in its second; empty takes AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""
    backup_hours: int = 24
    """Hours between two backups; where none was made for twice as long, everybody sees it."""
    backup_keep: int = 14
    """So many of this desk's own backups are kept, the newest."""
    backup_passphrase_file: str = ""
    """File whose first line is the passphrase that seals backups; without it nobody restores them, and with it they hold all."""
    slow_ms: int = 1000
    """What takes a box, a statement, a task or an answer longer is logged with its name; 0 logs none."""
    metrics_address: str = ""
    """Address and port that Prometheus reads this process's metrics at, such as `127.0.0.1:9464`; empty serves none."""
    traces_url: str = ""
    """Where OpenTelemetry traces are sent by OTLP over HTTP, such as `http://localhost:4318/v1/traces`; empty sends none."""
    traces_share: float = 1.0
    """Share of the traces that begin at this desk which are sent, from 0 to 1."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""

    def metrics_place(self) -> tuple[str, int] | None:
        """Return the host and port of `metrics_address`; None where it is empty.

        Raises:
            ValueError: it is no host with a port.
        """
        host, _, port = self.metrics_address.rpartition(":")
        if self.metrics_address and (not host or not port.isdecimal() or int(port) > 65535):
            raise ValueError(self.metrics_address)
        return (host.strip("[]"), int(port)) if host else None

    def base_url(self) -> str:
        """Return the address that links carry, without a slash at its end."""
        host = (
            "localhost" if self.host in _EVERYWHERE else f"[{self.host}]" if ":" in self.host else self.host
        )
        served = f"https://{self.lan.lower()}:{self.port}" if self.lan else f"http://{host}:{self.port}"
        return (self.public_url or served).rstrip("/").removesuffix(":443" if self.lan else "/")

    def is_https(self) -> bool:
        """Tell whether people reach the desk by HTTPS."""
        return self.base_url().startswith("https:")

    def proxies(self) -> tuple[Network, ...]:
        """Return the networks of the proxies that are believed.

        Raises:
            ValueError: one is no address and no network.
        """
        return read_networks(self.trusted_proxies)

    def opened_networks(self) -> tuple[Network, ...]:
        """Return the private networks that webhooks may be sent to.

        Raises:
            ValueError: one is no address and no network.
        """
        return read_networks(self.outbound_networks)

    def printers_nearby(self) -> tuple[Network, ...]:
        """Return the networks that printers may be in, none where the setting is empty.

        Raises:
            ValueError: one is no address and no network.
        """
        return read_networks(self.printer_networks)

    def clouds(self) -> dict[str, str]:
        """Return the printer clouds that are opened, each with its address; empty for its own.

        Raises:
            ValueError: one is no name, or its address no address.
        """
        return read_clouds(self.printer_clouds)

    def install_page_port(self) -> int:
        """Return the port of the plain page that leads phones to HTTPS."""
        return self.install_port or self.port + 1

    def key_path(self) -> Path:
        """Return the file of the installation key."""
        return Path(self.key_file) if self.key_file else self.path("keys", "installation.key")

    def path(self, *parts: str) -> Path:
        """Return a path in the data folder."""
        return Path(self.data_dir, *parts)


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None, **given: object
) -> Settings:
    """Return the settings: command line over environment over file over defaults.

    Raises:
        SettingsWrong: an option is unknown, or its value has the wrong shape.
    """
    values: dict[str, object] = {}
    if file is not None:
        values.update(tomllib.loads(file.read_text("utf-8")))
    known = {field.name for field in msgspec.structs.fields(Settings)}
    for name, text in (os.environ if environment is None else environment).items():
        if name.startswith("TOCSIN_"):
            values[name.removeprefix("TOCSIN_").lower()] = text
    values.update({name: value for name, value in given.items() if value is not None})
    for name in values:
        if name not in known:
            raise SettingsWrong(f"“{name}” is no setting; docs/settings.md lists them")
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as wrong:
        raise SettingsWrong(f"a setting has the wrong shape: {wrong}") from wrong
    if settings.database_url and not settings.database_url.startswith(_POSTGRES):
        raise SettingsWrong(f"the database's address begins with {_POSTGRES}, or is empty: the embedded one")
    if not 0 <= settings.port <= 65535:
        raise SettingsWrong(f"port is a number from 0 to 65535, not {settings.port}")
    if (settings.tls_cert or settings.tls_key) and not settings.lan:
        raise SettingsWrong("tls_cert and tls_key serve HTTPS on a name: give it as lan")
    _require_lists(settings)
    return settings


def _require_lists(settings: Settings) -> None:
    nets = "addresses or CIDRs, separated by commas"
    for name, read, shape in (
        ("trusted_proxies", settings.proxies, nets),
        ("outbound_networks", settings.opened_networks, nets),
        ("printer_networks", settings.printers_nearby, nets),
        ("metrics_address", settings.metrics_place, "a host and a port, such as 127.0.0.1:9464"),
        ("printer_clouds", settings.clouds, "names, separated by commas, each perhaps with =https://…"),
    ):
        try:
            read()
        except ValueError as wrong:
            raise SettingsWrong(f"{name} are {shape}: {wrong}") from None


@cache
def read_clouds(text: str) -> dict[str, str]:
    """Return printer clouds that are written as `feie=https://relay.example`.

    Raises:
        ValueError: one is no name, or its address no address.
    """
    found = {}
    for one in text.split(","):
        if one.strip():
            name, sign, url = one.strip().partition("=")
            if not re.fullmatch(r"[a-z_]+", name) or (sign and not re.fullmatch(r"https?://[^\s,]+", url)):
                raise ValueError(one.strip())
            found[name] = url
    return found


@cache
def read_networks(text: str) -> tuple[Network, ...]:
    """Return networks that are written as `10.0.0.0/8, fc00::/7`.

    Raises:
        ValueError: one is no address and no network.
    """
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())
