"""The wire of stations goes on serving those one version behind: what is asked of them today is never more tomorrow."""

import msgspec
import pytest

from tocsin.api import station_shape
from tocsin.api.station_shape import (
    AnswerIn,
    CommandOut,
    CommandsOut,
    EnrolledOut,
    EnrolmentIn,
    PaperIn,
    PollIn,
    ProgressIn,
    StateIn,
    TakenOut,
)

# What a station of the released version sends at least. A new field has a default; one that is here never goes.
SENT: dict[type[msgspec.Struct], dict[str, object]] = {
    EnrolmentIn: {"code": "c", "name": "n", "public_key": "k", "proof": "p"},
    PollIn: {},
    AnswerIn: {"command": "1"},
    ProgressIn: {"command": "1", "progress": {}},
    StateIn: {},
    PaperIn: {"paper": "1", "job": "2"},
}
# What it knows of the answers: each of these stays.
READ: dict[type[msgspec.Struct], set[str]] = {
    EnrolledOut: {"station", "merchant"},
    CommandOut: {"id", "kind", "payload", "seconds"},
    CommandsOut: {"commands"},
    TakenOut: {"keep"},
}


@pytest.mark.parametrize("shape", SENT, ids=lambda one: one.__name__)
def test_what_an_older_station_sends_is_taken(shape: type[msgspec.Struct]) -> None:
    assert isinstance(msgspec.json.decode(msgspec.json.encode(SENT[shape]), type=shape), shape)


def test_what_an_older_station_reads_is_still_told() -> None:
    for shape, fields in READ.items():
        assert fields <= set(shape.__struct_fields__), shape.__name__
    told = {name for name in vars(station_shape) if name.endswith(("In", "Out"))}
    assert told == {shape.__name__ for shape in (*SENT, *READ)}, "each shape of the wire stands here"
