"""Writes the tables of docs/ from the code: `.venv/bin/python docs/make.py`.

Each page has words of its own and a block between two marks, which is written here and never by hand.
"""

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import msgspec
from litestar.utils.helpers import unwrap_partial

import tocsin
from tocsin.api.routes import API
from tocsin.core.errors import Refusal, every_refusal
from tocsin.register import GroupedApp, GroupRouter
from tocsin.settings import Settings
from tocsin.web.keymap import KEYMAP
from tocsin.web.words import Words

DOCS = Path(__file__).parent
BEGIN, END = "<!-- written by docs/make.py -->", "<!-- end -->"
# What alembic calls runs when it is imported; __main__ may.
NOT_IMPORTED = ("tocsin.__main__", "tocsin.migrations.env", "tocsin.migrations.versions")


def import_everything() -> list[ModuleType]:
    """Import each module of Tocsin, so that every refusal is known; return them."""
    names = (module.name for module in pkgutil.walk_packages(tocsin.__path__, "tocsin."))
    return [importlib.import_module(name) for name in names if not name.startswith(NOT_IMPORTED)]


# — settings —


def settings_with_texts() -> dict[str, str]:
    """Return each setting with the docstring that stands below it."""
    (body,) = (
        node.body for node in ast.parse(inspect.getsource(Settings)).body if isinstance(node, ast.ClassDef)
    )
    return {
        field.target.id: text.value.value
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def settings_table() -> Iterator[str]:
    """Yield the rows of settings.md."""
    yield from ("| setting | variable | default | what it is |", "|---|---|---|---|")
    texts = settings_with_texts()
    for field in msgspec.structs.fields(Settings):
        default = f"`{field.default}`" if field.default not in ("", None) else "empty"
        yield f"| `{field.name}` | `TOCSIN_{field.name.upper()}` | {default} | {texts.get(field.name, '')} |"


# — errors —


def refusals() -> list[type[Refusal]]:
    """Return each refusal of Tocsin itself, by code."""
    import_everything()
    return [cls for cls in every_refusal() if cls.__module__.startswith("tocsin.")]


def errors_table() -> Iterator[str]:
    """Yield the rows of errors.md."""
    yield from ("| code | kind | message |", "|---|---|---|")
    for cls in refusals():
        yield f"| `{cls.code}` | {cls.kind} | {_cell(cls.template())} |"


# — commands —


def root_command() -> click.Group:
    """Return the command `tocsin` itself."""
    from tocsin.cli.main import cli

    return cli


def commands() -> dict[str, click.Command]:
    """Return each command by its words, such as `operator add`."""
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, words: str) -> None:
        if isinstance(command, click.Group):
            around = click.Context(command)
            for name in command.list_commands(around):
                if below := command.get_command(around, name):
                    walk(below, f"{words} {name}".strip())
        else:
            found[words] = command

    walk(root_command(), "")
    return dict(sorted(found.items()))


def cli_sections() -> Iterator[str]:
    """Yield the sections of cli.md."""
    for words, command in commands().items():
        arguments = [
            p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)
        ]
        yield from (
            f"## `tocsin {' '.join([words, *arguments])}`",
            "",
            inspect.cleandoc(command.help or ""),
            "",
        )
        options = [p for p in command.params if isinstance(p, click.Option)]
        if options:
            yield from ("| option | what it does |", "|---|---|")
            yield from (f"| {', '.join(f'`{o}`' for o in p.opts)} | {_cell(p.help or '')} |" for p in options)
            yield ""


# — plug-ins —


def plugin_modules() -> dict[str, dict[str, str]]:
    """Return for each plug-in folder its modules' names, each with the first line of its docstring."""
    found: dict[str, dict[str, str]] = {}
    for init in sorted(Path(tocsin.__path__[0]).glob("*/*/__init__.py")):
        modules = [path for path in sorted(init.parent.glob("*.py")) if "PLUGIN" in path.read_text("utf-8")]
        if modules:
            folder = f"{init.parent.parent.name}.{init.parent.name}"
            found[folder] = {path.stem: _first_line(path) for path in modules}
    return found


def plugins_sections() -> Iterator[str]:
    """Yield the sections of plugins.md."""
    for folder, modules in plugin_modules().items():
        yield from (f"## `tocsin.{folder}`", "", "| plug-in | what it does |", "|---|---|")
        yield from (f"| `{name}` | {_cell(text)} |" for name, text in modules.items())
        yield ""


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]


# — routes —


def api_routes() -> list[tuple[str, str, Any]]:
    """Return (method, path, handler) of each route of the JSON API, by path."""
    served = GroupedApp([GroupRouter(group) for group in API], openapi_config=None)
    found = [
        (method, route.path, handler)
        for route in served.routes
        for handler in getattr(route, "route_handlers", ())
        for method in sorted(handler.http_methods - {"OPTIONS"})
    ]
    return sorted(found, key=lambda route: (route[1], route[0]))


def route_words(handler: Any) -> str:
    """Return the first line of a route's own docstring: one served in a thread stands in a wrapper."""
    told = inspect.getdoc(unwrap_partial(handler.fn)) or ""
    return told.partition("\n")[0]


def api_table() -> Iterator[str]:
    """Yield the rows of api.md."""
    yield from ("| route | what it does |", "|---|---|")
    for method, path, handler in api_routes():
        yield f"| `{method} {path}` | {_cell(route_words(handler))} |"


def keys_sections() -> Iterator[str]:
    """Yield the sections of keys.md."""
    chinese = Words("zh_CN")
    for group, keys in KEYMAP.items():
        yield from (
            f"## {group} · {chinese.translate(group)}",
            "",
            "| key | what it does | 作用 |",
            "|---|---|---|",
        )
        yield from (f"| `{key.shown}` | {key.word} | {chinese.translate(key.word)} |" for key in keys)
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# — pages —

PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "settings.md": settings_table,
    "errors.md": errors_table,
    "cli.md": cli_sections,
    "plugins.md": plugins_sections,
    "api.md": api_table,
    "keys.md": keys_sections,
}


def made_page(name: str) -> str:
    """Return the page as it should be: its own words, and the block written anew."""
    before, _, rest = (DOCS / name).read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    written = "\n".join(PAGES[name]()).strip()
    return f"{before}{BEGIN}\n\n{written}\n\n{END}{after}"


def main() -> None:
    """Write each page; say which have changed."""
    for name in PAGES:
        made = made_page(name)
        if made != (DOCS / name).read_text("utf-8"):
            (DOCS / name).write_text(made, "utf-8")
            print(f"docs/{name} written")


if __name__ == "__main__":
    sys.exit(main())
