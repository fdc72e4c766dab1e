"""Plug-ins are found by folder; one without `PLUGIN` or with a taken name is told at the start."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import tocsin.core.buses
from tocsin.core import plugins
from tocsin.core.buses.memory import MemoryBus
from tocsin.core.plugins import PluginBroken, load_plugins


@pytest.fixture(autouse=True)
def looked_for_anew() -> Iterator[None]:
    """Forget what was found: each of these tests adds a plug-in of its own."""
    plugins._found.cache_clear()
    yield
    plugins._found.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tocsin.core.buses, "__path__", [*tocsin.core.buses.__path__, str(tmp_path)])
    return tmp_path


def test_a_new_file_is_a_new_plugin(folder: Path) -> None:
    (folder / "extra_bus.py").write_text("PLUGIN = 'found'\n")
    assert list(load_plugins("core.buses")) == ["extra_bus", "memory", "postgres"]


def test_a_file_without_a_plugin_is_told(folder: Path) -> None:
    (folder / "broken_bus.py").write_text("x = 1\n")
    with pytest.raises(PluginBroken, match=r"broken_bus of core\.buses can't be loaded: it has no PLUGIN"):
        load_plugins("core.buses")


def test_entry_points_add_plugins_but_take_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(name: str) -> object:
        return lambda group: (
            [EntryPoint(name, "tocsin.core.buses.memory:PLUGIN", group)]
            if group == "tocsin.core.buses"
            else []
        )

    monkeypatch.setattr(plugins, "entry_points", points("outside"))
    assert isinstance(load_plugins("core.buses")["outside"], MemoryBus)
    plugins._found.cache_clear()
    monkeypatch.setattr(plugins, "entry_points", points("memory"))
    with pytest.raises(PluginBroken, match="the name is taken"):
        load_plugins("core.buses")
