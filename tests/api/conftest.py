"""A door per test, on both databases."""

from tests.api.door import door as door
from tests.api.wire import wire as wire
