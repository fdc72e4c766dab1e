"""The log: one JSON object a line, nothing personal, nothing forged."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tocsin.core.log import get_log, set_up_log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    found = io.StringIO()
    set_up_log("info", found)
    yield found
    root.handlers[:] = kept
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object(stream: io.StringIO) -> None:
    get_log("spool").info("printed", job_id=2**62, terminal='a\r\n{"event": "forged"}\u2028')
    (line,) = lines(stream)
    assert stream.getvalue().count("\n") == 1 and "\u2028" not in stream.getvalue()
    assert (line["event"], line["logger"], line["level"], line["job_id"]) == (
        "printed",
        "tocsin.spool",
        "info",
        2**62,
    )


def test_personal_fields_are_dropped_and_phones_masked(stream: io.StringIO) -> None:
    get_log("x").info("looked", name="王小明", token="t", subject="order 13812345678", id="1381234567890123")
    (line,) = lines(stream)
    assert "name" not in line and "token" not in line
    assert line["subject"] == "order 138****5678" and line["id"] == "1381234567890123"


def test_what_opens_something_is_cut_out_of_paths(stream: io.StringIO) -> None:
    for path in (
        "/cloudprnt/1a.2b.Zk3v9QmW_secret-that-opens",
        "/t/7H2K9PQ4",
        "/orders/HF-20261125-0006/print",
    ):
        get_log("x").error("request_failed", path=path)
    assert [line["path"] for line in lines(stream)] == [
        "/cloudprnt/…",
        "/t/…",
        "/orders/HF-20261125-0006/print",
    ]


def test_a_fault_is_told_by_class_and_place_not_by_its_text(stream: io.StringIO) -> None:
    for way in ("given", "present", "triple"):
        try:
            raise ValueError("王小明 is unknown")
        except ValueError as fault:
            given = {"given": fault, "present": True, "triple": (type(fault), fault, fault.__traceback__)}
            get_log("x").error("failed", exc_info=given[way])
    logging.getLogger("library").error("theirs", exc_info=ValueError("王小明"))
    found = lines(stream)
    assert [line["fault"] for line in found] == ["ValueError"] * 4
    assert "test_log.py" in found[0]["places"][-1] and "王小明" not in stream.getvalue()
    assert "\\u738b" not in stream.getvalue()


def test_the_level_is_kept_and_libraries_speak_json_too(stream: io.StringIO) -> None:
    get_log("x").debug("quiet")
    logging.getLogger("library").warning("call 13812345678")
    logging.getLogger("procrastinate.worker").error("Starting job with its arguments")
    (line,) = lines(stream)
    assert (line["event"], line["level"]) == ("call 138****5678", "warning")
