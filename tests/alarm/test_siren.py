"""The contract that every siren driver keeps, asked of whatever the folder holds."""

import inspect
import re

import pytest

from tests.telling import assert_none
from tocsin.alarm.siren import (
    OFF,
    Abilities,
    Confirmed,
    Option,
    Pattern,
    SirenDriver,
    SirenFailed,
    SirenOptionWrong,
    read_options,
)
from tocsin.core.plugins import load_plugins
from tocsin.web.words import Words

DRIVERS: dict[str, SirenDriver] = load_plugins("alarm.sirens")
# What a form must be given for each driver, beyond its defaults.
NEEDED = {
    "http": {"url": "http://127.0.0.1:9"},
    "mqtt": {"topic": "siren1", "host": "127.0.0.1", "tcp_port": 9},
    "modbus": {"host": "127.0.0.1", "tcp_port": 9},
    "serial_relay": {"port": "/dev/tty-none"},
}
# Those whose device may be away: nothing listens where they are sent.
AWAY = sorted(NEEDED)


def test_the_folder_holds_what_the_documentation_promises() -> None:
    assert set(DRIVERS) >= {"browser", "http", "memory", "modbus", "mqtt", "serial_relay"}


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_declares_what_it_is(name: str) -> None:
    driver = DRIVERS[name]
    assert driver.name == name and isinstance(driver.can, Abilities) and driver.can.sound
    names = [option.name for option in driver.options]
    assert len(names) == len(set(names))
    for option in driver.options:
        assert option.kind in ("text", "number", "secret", "choice") and option.label
        assert bool(option.choices) == (option.kind == "choice")
        assert option.kind != "choice" or option.default in option.choices
    assert inspect.getdoc(inspect.getmodule(type(driver)))


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_opens_with_its_defaults_and_sends_nothing(name: str) -> None:
    driver = DRIVERS[name]
    siren = driver.open(read_options(driver, NEEDED.get(name, {})))
    for ability in Abilities.__struct_fields__:
        assert getattr(driver.can, ability) or not getattr(siren.can, ability), (
            f"{ability}: more than the driver"
        )
    siren.watch(lambda: None)
    siren.close()
    siren.close()


@pytest.mark.parametrize("name", AWAY)
def test_a_device_that_is_away_is_a_failure_in_time(name: str) -> None:
    driver = DRIVERS[name]
    siren = driver.open(read_options(driver, NEEDED[name]))
    for ask in (siren.probe, lambda: siren.set(Pattern(light=True, sound=True))):
        with pytest.raises(SirenFailed) as told:
            ask()
        assert told.value.problem
    siren.close()


@pytest.mark.parametrize("name", ["memory", "browser"])
def test_what_needs_no_device_does_as_it_is_told(name: str) -> None:
    driver = DRIVERS[name]
    siren = driver.open(read_options(driver, {}))
    told = siren.set(Pattern(light=True, sound=True))
    assert told == siren.probe() or told.ends_by_itself
    assert told.sound and told.confirmed == driver.can.confirms
    assert not siren.set(OFF).on


@pytest.mark.parametrize("name", DRIVERS)
def test_unknown_and_unfit_options_are_refused(name: str) -> None:
    driver = DRIVERS[name]
    wrong = [{"nonsense": "1"}]
    wrong += [
        {**NEEDED.get(name, {}), option.name: bad} for option in driver.options for bad in _unfit(option)
    ]
    for given in wrong:
        with pytest.raises(SirenOptionWrong):
            read_options(driver, given)


def _unfit(option: Option) -> list[object]:
    bad: list[object] = ["x" * 501, "a\nb", "\0"]
    if option.kind == "number":
        bad += ["x", -1, option.most + 1, "1.5", "٣"]
    if option.kind == "choice":
        bad += ["", "nonsense"]
    return bad + ([""] if option.required else [])


def test_each_text_of_a_driver_has_its_chinese() -> None:
    words = Words("zh_CN")
    texts = [text for driver in DRIVERS.values() if driver.title for text in (driver.title, *_texts(driver))]
    # Names of protocols and HTTP's methods are the same in every language.
    same = re.compile(r"[A-Z]{2,5}|Tasmota|Digest|Basic")
    assert_none(
        sorted({text for text in texts if text not in words and not same.fullmatch(text)}),
        "Add them to tocsin.po.",
    )


def _texts(driver: SirenDriver) -> list[str]:
    texts = [
        text for option in driver.options for text in (option.label, option.hint, *option.choices.values())
    ]
    return [text for text in texts if text]


def test_a_siren_that_cannot_part_them_stays_dark_for_a_light() -> None:
    light, sound = Pattern(light=True, sound=False), Pattern(light=True, sound=True)
    joined = Abilities(light=True, sound=True, separable=False, confirms=True, timed=False)
    apart = Abilities(light=True, sound=True, separable=True, confirms=True, timed=False)
    horn = Abilities(light=False, sound=True, separable=False, confirms=True, timed=False)
    strobe = Abilities(light=True, sound=False, separable=True, confirms=True, timed=False)
    for can, for_light, for_sound in (
        (joined, (False, False), (True, True)), (apart, (True, False), (True, True)),
        (horn, (False, False), (False, True)), (strobe, (True, False), (True, False)),
    ):  # fmt: skip
        shown = [(one.light, one.sound) for one in (can.possible(light), can.possible(sound))]
        assert shown == [for_light, for_sound], can
    assert not apart.possible(OFF).on
    assert Confirmed(light=False, sound=True, confirmed=True).on and not OFF.on
