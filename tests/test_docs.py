"""The documentation is complete: what is missing is listed by name."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from docs.make import (
    PAGES,
    api_routes,
    commands,
    made_page,
    plugin_modules,
    refusals,
    route_words,
    settings_with_texts,
)
from tests.telling import assert_none
from tocsin.core.plugins import load_plugins
from tocsin.settings import Settings

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names_in(file: str) -> set[str]:
    lines = (ROOT / "requirements" / file).read_text("utf-8").splitlines()
    return {re.split(r"[\[<>=~]", line)[0] for line in lines if line and line[0] not in "#-"}


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_are_those_of_the_code(name: str):
    assert page(name) == made_page(name), f"docs/{name} is out of date: run .venv/bin/python docs/make.py"


def test_each_setting_is_documented():
    texts, told = settings_with_texts(), page("settings.md")
    assert_none(
        [name for name in Settings.__struct_fields__ if not texts.get(name) or f"`{name}`" not in told]
    )


def test_each_command_is_documented():
    told = page("cli.md")
    assert_none(
        [words for words, command in commands().items() if f"tocsin {words}" not in told or not command.help]
    )


def test_each_option_says_what_it_does():
    mute = [
        f"{words} {option.opts[0]}"
        for words, command in commands().items()
        for option in command.params
        if option.param_type_name == "option" and not getattr(option, "help", None)
    ]
    assert_none(mute)


def test_each_refusal_is_documented():
    told = page("errors.md")
    assert_none([cls.code for cls in refusals() if f"`{cls.code}`" not in told])


def test_each_refusal_has_a_message():
    assert_none([cls.code for cls in refusals() if cls.template() == cls.code])


def test_each_route_is_documented():
    told = page("api.md")
    missing = [f"{method} {path}" for method, path, _ in api_routes() if f"`{method} {path}`" not in told]
    assert_none(missing)


def test_no_two_routes_are_told_with_the_same_words():
    words = [route_words(handler) for _, _, handler in api_routes()]
    assert_none([text for text in words if not text or words.count(text) > 1])
    assert "thread pool" not in page("api.md")


def test_each_plugin_is_documented():
    told = page("plugins.md")
    missing = [
        f"{folder}.{name}"
        for folder in plugin_modules()
        for name in load_plugins(folder)
        if not re.search(rf"^\| `{name}` \| \S", told, re.MULTILINE)
    ]
    assert_none(missing)
    assert set(plugin_modules()) >= {"core.buses", "core.queues", "orders.formats", "orders.importers"}
    assert set(plugin_modules()) >= {"tickets.checks", "tickets.printers"}


def test_each_dependency_has_its_reason():
    told = page("decisions/0001-dependencies.md")
    files = ("run.in", "dev.in", "build.in")
    named = set().union(*(names_in(file) for file in files))
    assert_none(
        sorted(
            name for name in named if not re.search(rf"(^|[|, ]){re.escape(name)}[,| ]", told, re.MULTILINE)
        )
    )


def test_the_wheel_asks_for_what_is_locked():
    asked = {re.split(r"[\[<>=~]", line)[0] for line in PYPROJECT["project"]["dependencies"]}
    assert asked == names_in("run.in")
    assert {re.split(r"[<>=~]", line)[0] for line in PYPROJECT["build-system"]["requires"]} < names_in(
        "build.in"
    )


def test_what_is_imported_is_asked_for_and_the_other_way_round():
    asked = names_in("run.in")
    # A name that several packages fill, as OpenTelemetry's do, is asked for where one of them is: those bring the rest.
    brings = {
        top: names
        if len({*map(normal, names)}) == 1
        else [name for name in names if normal(name) in asked] or names
        for top, names in packages_distributions().items()
    }
    found = {
        normal(name)
        for path in (ROOT / "src").rglob("*.py")
        for top in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text("utf-8"), re.MULTILINE)
        for name in brings.get(top, [])
    } - {"tocsin"}
    # Time zones are read by the standard library, where the machine lacks them.
    assert_none(sorted(asked - found - {"tzdata"}), "asked for, not imported")
    assert_none(sorted(found - asked), "imported, not asked for")


def test_each_link_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert_none(broken)


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 60


def test_a_decision_is_one_sentence_and_names_its_test():
    for record in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        text = record.read_text("utf-8")
        assert re.search(r"^\*\*.+\*\*$", text, re.MULTILINE | re.DOTALL), (
            f"{record.name} has no sentence to quote"
        )
        for file, test in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text):
            assert test in (ROOT / file).read_text("utf-8"), f"{record.name}: {file} has no {test}"
        assert "`tests/" in text, f"{record.name} names no test"
