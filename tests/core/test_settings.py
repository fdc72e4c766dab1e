"""Settings: command line over environment over file over defaults; an unknown one is an error."""

from pathlib import Path

import pytest

from tocsin.settings import Settings, SettingsWrong, load_settings


def test_the_nearer_source_wins(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.toml"
    file.write_text('port = 1\nhost = "a"\nlocale = "en"\n')
    found = load_settings(file, {"TOCSIN_PORT": "2", "TOCSIN_HOST": "b", "HOME": "/"}, port=3, data_dir=None)
    assert (found.port, found.host, found.locale, found.data_dir) == (3, "b", "en", "data")


@pytest.mark.parametrize("environment", [{"TOCSIN_PROT": "1"}, {"TOCSIN_PORT": "many"}])
def test_what_is_unknown_or_misshapen_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsWrong):
        load_settings(None, environment)


def test_the_processes_own_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_PORT", "4711")
    assert load_settings().port == 4711


def test_addresses_and_paths() -> None:
    assert Settings().base_url() == "http://localhost:8717"
    assert Settings(public_url="https://desk.example/").base_url() == "https://desk.example"
    assert Settings(data_dir="/x").path("keys", "a") == Path("/x/keys/a")
