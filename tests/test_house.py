"""The house rules that a machine can see: STYLE.md, sentence by sentence."""

import ast
import graphlib
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from docs.make import import_everything, plugin_modules
from tests.source import tree_of
from tests.telling import assert_none
from tocsin.core.errors import Refusal
from tocsin.core.schema import metadata

ROOT = Path(__file__).parent.parent
SOURCE = sorted((ROOT / "src" / "tocsin").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
CHAPTERS = ("settings", "core", "alarm", "access", "orders", "tickets")
NO_MODULE = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "service", "services", "lib"}

# Written in two parts, so that this file is not its own finding.
FOREIGN = re.compile(
    "|".join(
        re.escape(one + two)
        for one, two in (
            ("registry.", "npmjs"),
            ("py", "pi.org"),
            ("files.python", "hosted"),
            ("deb.", "debian.org"),
            ("/wo", "rk/"),
            ("/fa", "rm/"),
            ("/ro", "ot/"),
        )
    )
)


def committed_texts() -> Iterator[tuple[str, str]]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in names.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or path.suffix in {".png", ".ico", ".csv", ".xlsx"}:
            continue
        yield name, path.read_text("utf-8", errors="replace")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls_of(node: ast.AST) -> set[str]:
    return {ast.unparse(one).replace("'", '"') for one in ast.walk(node) if isinstance(one, ast.Call)}


def test_an_init_is_a_docstring():
    wrong = []
    for path in [path for path in SOURCE if path.name == "__init__.py"]:
        tree = tree_of(path)
        if len(tree.body) != 1 or not ast.get_docstring(tree):
            wrong.append(named(path))
    assert_none(wrong)


def test_each_module_says_what_it_is():
    assert_none([named(path) for path in SOURCE if not ast.get_docstring(tree_of(path))])


@pytest.mark.parametrize(("paths", "most"), [(SOURCE, 300), (TESTS, 300)], ids=["src", "tests"])
def test_files_are_short(paths: list[Path], most: int):
    long = {named(path): path.read_text("utf-8").count("\n") for path in paths}
    assert_none({name: lines for name, lines in long.items() if lines > most}.items())


def test_functions_are_short():
    sizes = {
        f"{named(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in SOURCE
        for node in functions_of(path)
    }
    assert_none({where: lines for where, lines in sizes.items() if lines > 40}.items())


def test_scripts_are_short():
    scripts = (ROOT / "src/tocsin/web/static/js").rglob("*.js")
    long = {named(path): path.read_text("utf-8").count("\n") for path in scripts}
    assert_none({name: lines for name, lines in long.items() if lines > 60}.items())


def test_no_fourth_argument_goes_by_position():
    """The second is the rule, the machine stops the fourth; what others call has their signature."""
    wrong = []
    for path in SOURCE:
        for node in functions_of(path):
            given = [
                arg.arg for arg in (*node.args.posonlyargs, *node.args.args) if arg.arg not in ("self", "cls")
            ]
            if len(given) > 3 and not node.name.startswith("_"):
                wrong.append(f"{named(path)}:{node.lineno} {node.name}({', '.join(given)})")
    assert_none(wrong)


def test_no_module_without_a_chapter():
    assert_none([named(path) for path in SOURCE if path.stem in NO_MODULE or path.parent.name in NO_MODULE])


def test_nothing_is_swallowed():
    """An empty handler is a branch where an `else` stands beside it; elsewhere something is lost."""
    wrong = []
    for path in SOURCE:
        for node in ast.walk(tree_of(path)):
            for handler in node.handlers if isinstance(node, ast.Try) else ():
                empty = all(isinstance(line, ast.Pass) for line in handler.body)
                if handler.type is None or (empty and not node.orelse):
                    wrong.append(f"{named(path)}:{handler.lineno}")
    assert_none(wrong)


def test_no_test_is_skipped():
    marks = re.compile(r"pytest\.(mark\.)?(skip|xfail)|import" + "orskip")
    assert_none(
        [named(path) for path in TESTS if path != Path(__file__) and marks.search(path.read_text("utf-8"))]
    )


def test_the_project_speaks_of_itself_alone():
    wrong = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in committed_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert_none(wrong)


def test_no_import_ring():
    graph = grimp.build_graph("tocsin", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        order = list(graphlib.TopologicalSorter(imports).static_order())
    except graphlib.CycleError as ring:
        pytest.fail(f"a ring of imports: {' → '.join(ring.args[1])}")
    assert len(order) > 50


def test_each_plugin_folder_has_its_import_contract():
    told = (ROOT / "pyproject.toml").read_text("utf-8")
    contracts = [
        c for c in tomllib.loads(told)["tool"]["importlinter"]["contracts"] if c["type"] == "independence"
    ]
    apart = {module for contract in contracts for module in contract["modules"]}
    assert_none({f"tocsin.{folder}.*" for folder in plugin_modules()} - apart)


def test_each_plugin_folder_has_a_contract_test():
    """A test asks the same of whatever the scan finds, by the scan or by the verb that makes it."""
    scans = {f'load_plugins("{folder}")': {f'load_plugins("{folder}")'} for folder in plugin_modules()}
    for path in SOURCE:
        for node in functions_of(path):
            for scan in scans.keys() & calls_of(node):
                scans[scan].add(f"{node.name}(")
    texts = [path.read_text("utf-8") for path in TESTS if path != Path(__file__)]
    untested = [
        scan for scan, names in scans.items() if not any(name in text for text in texts for name in names)
    ]
    assert_none(untested, "no test scans the folder")


def test_each_code_is_one_refusal():
    import_everything()
    found, stack = set(), [Refusal]
    while stack:
        cls = stack.pop()
        stack.extend(cls.__subclasses__())
        if cls.__module__.startswith("tocsin.") and "code" in cls.__dict__:
            found.add(cls)
    twice = {code for code, times in Counter(cls.code for cls in found).items() if times > 1}
    assert_none(sorted(cls.__qualname__ for cls in found if cls.code in twice))
    assert len(found) > 10


def test_no_foreign_key_points_upward():
    import_everything()
    chapter_of = {}
    for path in SOURCE:
        chapter = path.relative_to(ROOT / "src" / "tocsin").parts[0]
        for name in re.findall(
            r"(?:merchant_table|directory_table|Table)\(\s*\"(\w+)\"", path.read_text("utf-8")
        ):
            chapter_of[name] = CHAPTERS.index(chapter)
    upward = [
        f"{key.parent.table.name}.{key.parent.name} → {key.target_fullname}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if chapter_of[key.column.table.name] > chapter_of[table.name]
    ]
    assert_none(upward)
    assert set(metadata.tables) <= set(chapter_of)


def test_each_table_belongs_to_a_merchant_or_is_a_directory():
    import_everything()
    outside = [
        table.name
        for table in metadata.tables.values()
        if not table.info.get("directory") and next(iter(table.primary_key.columns)).name != "merchant_id"
    ]
    assert_none(outside)
