"""How PostgreSQL is reached: by which of several hosts, how soon a silent one is given up, what it must promise."""

from typing import Any

from tocsin.core.errors import Refusal

# A server that fell silent with its machine is noticed by who speaks to it, and the next one tried.
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "tcp_user_timeout": 10_000,
}
# The server finds out by itself after two hours that a machine fell silent, and never that a process stands still: as long would
# all others wait for what it has locked, and readers of events for what it has begun.
PATIENCE_THERE = {
    "tcp_keepalives_idle": "10s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15s",
    "idle_in_transaction_session_timeout": "30s",
    "client_min_messages": "warning",  # with a warning it tells that a change is not on its standby's disk
}
_ASKED = (
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),"
    " current_setting('synchronous_standby_names')"
)
_FLUSHED_THERE = ("on", "remote_apply")


class NotDurable(Refusal):
    """PostgreSQL runs with {setting} {value} and would lose acknowledged orders: turn it on"""

    kind, code = "broken", "not_durable"


def reach(url: str, **more: Any) -> str:
    """Return a database's address for a connection; of several hosts the one that takes changes.

    Source: PostgreSQL 17, 32.1.1.3 Specifying Multiple Hosts; what the address itself says goes before.
    """
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # at SQLite nobody waits for the driver

    said = conninfo_to_dict(url)
    wanted: dict[str, Any] = {**_PATIENCE, **more}
    if "," in str(said.get("host", "")) + str(said.get("hostaddr", "")):
        wanted["target_session_attrs"] = "read-write"
    return make_conninfo(
        url, **{name: value for name, value in wanted.items() if name in more or name not in said}
    )


def require_durable(connection: Any) -> None:
    """Refuse a server that answers before a change is on its disk, and on its standby's where it names one.

    Raises:
        NotDurable
    """
    fsync, pages, commit, standbys = connection.execute(_ASKED).fetchone()
    for setting, value in (("fsync", fsync), ("full_page_writes", pages), ("synchronous_commit", commit)):
        if value == "off":
            raise NotDurable(setting=setting, value=value)
    if standbys and commit not in _FLUSHED_THERE:
        raise NotDurable(setting="synchronous_commit", value=commit)
