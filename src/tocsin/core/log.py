"""The log: one JSON object per line on standard error, for machines; people read the journal.

No personal data: fields that may hold it are dropped, phones are masked, and of an error only its
class and place are told, because its text may quote a customer. JSON escapes line breaks, so
nothing from outside can forge a line.
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

# It asks for rich, which draws faults in colours: a tenth of all that a start imports, for what is never drawn.
_plain = "rich" not in sys.modules
if _plain:
    sys.modules["rich"] = None  # type: ignore[assignment] # "not there", to an import
import structlog  # noqa: E402

if _plain:
    del sys.modules["rich"]

_PERSONAL = frozenset({
    "name", "phone", "address", "postcode", "buyer_note", "note", "party", "receiver", "query", "body", "password",
    "secret", "token", "key", "cookie", "authorization", "payload", "login",
})  # fmt: skip
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)[\s-]?\d{4}[\s-]?(\d{4})(?!\d)")
# What opens something stands in some paths: a ticket's code, a printer's or an owner's one-time link.
_OPENS = re.compile(r"(?<=/t/)[^/?]+|(?<=/)[^/?]{20,}")
_LONGEST = 500
_PLACES = 12


def get_log(box: str) -> Any:
    """Return the logger of a box; it takes an event's name and fields: `log.info("job_failed", job_id=7)`."""
    return structlog.stdlib.get_logger(f"tocsin.{box}")


def set_up_log(level: str = "info", stream: TextIO | None = None) -> None:
    """Send this process's log, and the libraries', to a stream as JSON lines."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_fault,
        drop_personal,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )  # fmt: skip
    handler = logging.StreamHandler(stream or sys.stderr)
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(ensure_ascii=True),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Their lines of every job and request would quote its arguments.
    for library in ("procrastinate", "httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.CRITICAL)


def tell_fault(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the error's class and the places it came through."""
    fault = fields.pop("exc_info", None)
    if fault is True or isinstance(fault, tuple):
        fault = sys.exc_info()[1] if fault is True else fault[1]
    if isinstance(fault, BaseException):
        fields["fault"] = type(fault).__name__
        frames = traceback.extract_tb(fault.__traceback__)[-_PLACES:]
        fields["places"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return fields


def drop_personal(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields that may hold personal data; mask phones and shorten the rest."""
    for name, value in list(fields.items()):
        if name in _PERSONAL:
            del fields[name]
        elif name == "path":
            fields[name] = _OPENS.sub("…", str(value))[:_LONGEST]
        elif isinstance(value, str) and not name.startswith("_"):
            fields[name] = _PHONE.sub(r"\1****\2", value)[:_LONGEST]
    return fields
