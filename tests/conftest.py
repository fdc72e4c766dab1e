"""Both databases for every test that touches data: real files, and a PostgreSQL of our own."""

from tests.databases import *  # noqa: F403
