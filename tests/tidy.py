"""What tidy means here: each rule reads one file and yields what is wrong with it.

`test_tidy` runs the rules over every file and plants a violation of each, so that none can go blind.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import complexity
from sources import nodes_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400
PROSE_COLUMNS_MAX = 140
COMPLEXITY_MAX = 10
LIMIT_SECONDS_MIN = 60
PLACE_OF_LIMIT = {"until": 1, "wait": 0, "join": 0, "settimeout": 0}
"""The functions that wait, with the place of the limit among their arguments."""
RIDDLES = frozenset(
    {"said", "told", "heard", "mute", "gone", "shut", "no", "sight", "letter", "slip", "spoken", "hand_in"}
)
"""Names that had several senses each, or that a reader could not guess; `docs/architecture.md` has the words in their place."""
VAGUE = frozenset({"utils", "util", "helpers", "helper", "common", "base", "manager", "handler", "misc", "stuff"})

# Written with classes of one letter, so that this file does not contain what it looks for.
UNFINISHED = re.compile(r"\b(TO[D]O|FI[X]ME|XX[X])\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|root|tmp|Users|work)/")
REGISTRY = re.compile(
    r"pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)|crates[.]io|rubygems[.]org|proxy[.]golang[.]org|ghcr[.]io|quay[.]io"
    r"|docker[.]io|deb[.]debian[.]org|archive[.]ubuntu[.]com",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r" (more |attached |other )?(agent|attempt|branche|byte|character|check|commit|day|defect|error|file|finding|hour|job|key"
    r"|line|message|minute|place|problem|question|record|remark|request|review|round|run|second|session|task|test|time|token"
    r"|tree|verdict|version|warning|worktree)s\b"
)
"""The plural of something that gitorch counts, after its number."""
RATIO = re.compile(r"( of |[-+−])$")
"""What stands before a number that no noun has to agree with: `1 of 3`, `+2 −1 lines`."""
PLACEHOLDER = re.compile(r"\{\{ *(?P<value>[^{}]*?) *\}\}(?P<after>[^{}<]*)")
SILENCED = re.compile(r"#\s*(noqa|type: ignore)\b(?P<rest>.*)")
REASONED = {
    "noqa": re.compile(r":\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*\W+\w+(\W+\w+)+"),
    "type: ignore": re.compile(r"\[[a-z-]+(,\s*[a-z-]+)*\]\W+\w+(\W+\w+)+"),
}


@dataclass(frozen=True)
class File:
    """One file of the repository: its path from the top, with `/`, and its text."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return self.nodes[0]

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree, the tree itself first; walked once for all rules."""
        return nodes_of(self.name, self.text)

    @cached_property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        return [node for node in self.nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.name)


@dataclass(frozen=True)
class Fault:
    """What is wrong, at which line, and where an exception measures, how much: lines of a function or file."""

    line: int
    what: str
    name: str = ""
    amount: int = 0


@dataclass(frozen=True)
class Rule:
    """A rule, and the files that it is about."""

    applies: Callable[[File], bool]
    check: Callable[[File], Iterator[Fault]]


def is_python(file: File) -> bool:
    return file.path.suffix == ".py"


def is_source(file: File) -> bool:
    return is_python(file) and file.path.parts[0] == "gitorch"


def is_on_a_floor(file: File) -> bool:
    """Source that may import the model: the scripted agent is a program of its own."""
    return is_source(file) and not file.name.startswith("gitorch/scripted/")


def is_page(file: File) -> bool:
    return file.name.startswith("gitorch/") and file.path.suffix == ".html"


def is_package(file: File) -> bool:
    return is_source(file) and file.path.name == "__init__.py"


def is_test(file: File) -> bool:
    return is_python(file) and file.path.parts[0] == "tests"


def is_prose(file: File) -> bool:
    return file.path.suffix == ".md"


def is_any(file: File) -> bool:
    return file.path.name != "LICENSE"


def long_functions(file: File) -> Iterator[Fault]:
    for function in file.functions:
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield Fault(function.lineno, f"{function.name} has {lines} lines", function.name, lines)


def long_files(file: File) -> Iterator[Fault]:
    if len(file.lines) > FILE_LINES_MAX:
        yield Fault(1, f"the file has {len(file.lines)} lines", amount=len(file.lines))


def complex_functions(file: File) -> Iterator[Fault]:
    for function in complexity.functions_among(file.name, file.nodes):
        if function.complexity > COMPLEXITY_MAX:
            name = function.where.split("::")[1]
            yield Fault(1, f"{name} has complexity {function.complexity}", name, function.complexity)


def riddles(file: File) -> Iterator[Fault]:
    for node in file.nodes:
        if isinstance(node, ast.ExceptHandler) and node.name not in {None, "error"}:
            yield Fault(node.lineno, f"an exception is caught as error, not as {node.name}")
        yield from (Fault(line, f"{name!r} is a riddle") for line, name in names_given(node) if name in RIDDLES)


def names_given(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that one node gives to something: a function, an argument, a variable."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.lineno, node.name
    elif isinstance(node, ast.arg):
        yield node.lineno, node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.lineno, node.id


def silent_packages(file: File) -> Iterator[Fault]:
    if not ast.get_docstring(file.tree):
        yield Fault(1, "the package does not say what it is for")


def vague_names(file: File) -> Iterator[Fault]:
    last_words = {part.split("_")[-1] for part in file.path.with_suffix("").parts}
    yield from (Fault(1, f"{word!r} names nothing") for word in sorted(last_words & VAGUE))


def missing_docstrings(file: File) -> Iterator[Fault]:
    if file.text.strip() and not ast.get_docstring(file.tree):
        yield Fault(1, "the module does not say what it is for")


def unfinished_work(file: File) -> Iterator[Fault]:
    yield from matches(file, UNFINISHED)


def registry_hosts(file: File) -> Iterator[Fault]:
    yield from matches(file, REGISTRY)


def machine_paths(file: File) -> Iterator[Fault]:
    for node in file.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and MACHINE_PATH.search(node.value):
            yield Fault(node.lineno, "a path of one machine")


def matches(file: File, pattern: re.Pattern[str]) -> Iterator[Fault]:
    if not pattern.search(file.text):
        return
    for number, line in enumerate(file.lines, 1):
        if found := pattern.search(line):
            yield Fault(number, found[0])


def prints(file: File) -> Iterator[Fault]:
    if file.path.parts[1] in {"cli", "scripted"}:
        return
    for node in file.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield Fault(node.lineno, "print")


def sleeps(file: File) -> Iterator[Fault]:
    for node in file.nodes:
        called = (
            isinstance(node, ast.Attribute) and node.attr == "sleep" and ast.unparse(node.value) in {"time", "asyncio"}
        )
        taken = (
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and any(name.name == "sleep" for name in node.names)
        )
        if called or taken:
            yield Fault(node.lineno, "sleeps; use waiting.until")


def short_limits(file: File) -> Iterator[Fault]:
    for node in file.nodes:
        if isinstance(node, ast.Call):
            for seconds in limits(node):
                if seconds < LIMIT_SECONDS_MIN:
                    yield Fault(
                        node.lineno, f"{ast.unparse(node.func)} waits {seconds} s, too short for a busy machine"
                    )


def limits(call: ast.Call) -> Iterator[float]:
    """The numbers of seconds, written as such, that a call waits at most for something to happen."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    given = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
    if name == "until":
        given += [keyword.value for keyword in call.keywords if keyword.arg == "wait_seconds"]
    if name in PLACE_OF_LIMIT:
        given += call.args[PLACE_OF_LIMIT[name] :][:1]
    yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, int | float))


def silent_tests(file: File) -> Iterator[Fault]:
    """Tests that cannot fail: neither they nor the functions of this file that they call assert anything."""
    asserting = {function.name for function in file.functions if asserts(function)}
    for function in file.functions:
        if function.name.startswith("test_") and function.name not in asserting and not calls(function) & asserting:
            yield Fault(function.lineno, f"{function.name} asserts nothing", function.name)


def asserts(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it asserts anything; most functions do so in a line of their own, where no other has to be looked at."""
    if any(isinstance(node, ast.Assert) for node in function.body):
        return True
    if any(isinstance(node, ast.Assert) for node in walk(function)):
        return True
    called = calls(function)
    named = {"raises", "fail", "until", "run_state_machine_as_test"} & called
    return bool(named) or any(name.startswith("assert_") for name in called)


def calls(function: ast.AST) -> set[str]:
    targets = (node.func for node in walk(function) if isinstance(node, ast.Call))
    return {
        target.attr if isinstance(target, ast.Attribute) else target.id
        for target in targets
        if hasattr(target, "attr") or hasattr(target, "id")
    }


def bare_counts(file: File) -> Iterator[Fault]:
    """A number of any size before a plural, so that it says `1 files`; `counted` says `1 file`. A constant is known not to be 1."""
    for node in file.nodes:
        if isinstance(node, ast.JoinedStr):
            parts = [ast.Constant(""), *node.values]
            yield from filter(None, map(bare_count, parts, parts[1:], parts[2:]))


def bare_count(before: ast.expr, number: ast.expr, after: ast.expr) -> Fault | None:
    """The fault of three neighbours in a formatted text, if they are a text, a number of any size, and a plural."""
    if not isinstance(number, ast.FormattedValue) or number.format_spec or not isinstance(after, ast.Constant):
        return None
    if isinstance(before, ast.Constant) and RATIO.search(str(before.value)):
        return None
    value = ast.unparse(number.value)
    is_constant = value.rpartition(".")[2].isupper()
    plural = COUNTED.match(str(after.value))
    return Fault(number.lineno, f"{{{value}}}{plural[0]}: use counted") if plural and not is_constant else None


def bare_counts_of_page(file: File) -> Iterator[Fault]:
    for number, line in enumerate(file.lines, 1):
        for found in PLACEHOLDER.finditer(line):
            if COUNTED.match(found["after"]) and "counted(" not in found["value"]:
                yield Fault(number, f"{found[0]}: use the filter counted")


def unreasoned_silence(file: File) -> Iterator[Fault]:
    if not SILENCED.search(file.text):
        return
    for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
        found = SILENCED.search(token.string) if token.type == tokenize.COMMENT else None
        if found and not REASONED[found[1]].match(found["rest"]):
            yield Fault(token.start[0], f"{found[1]} without a code and a reason")


def loose_lines(file: File) -> Iterator[Fault]:
    if not file.text.endswith("\n") or file.text.endswith("\n\n"):
        yield Fault(len(file.lines), "the file ends with exactly one line end")
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip() or "\t" in line:
            yield Fault(number, "a tab, or blanks at the end")


def wide_prose(file: File) -> Iterator[Fault]:
    fenced = False
    for number, line in enumerate(file.lines, 1):
        fenced ^= line.lstrip().startswith("```")
        if len(line) > PROSE_COLUMNS_MAX and not fenced and not line.lstrip().startswith("|"):
            yield Fault(number, f"{len(line)} columns")


RULES = {
    "long-function": Rule(is_python, long_functions),
    "long-file": Rule(is_python, long_files),
    "complex-function": Rule(is_source, complex_functions),
    "riddle": Rule(is_source, riddles),
    "silent-package": Rule(is_package, silent_packages),
    "vague-name": Rule(is_python, vague_names),
    "no-docstring": Rule(is_python, missing_docstrings),
    "unfinished": Rule(is_any, unfinished_work),
    "registry-host": Rule(is_any, registry_hosts),
    "machine-path": Rule(is_source, machine_paths),
    "print": Rule(is_source, prints),
    "sleep": Rule(is_test, sleeps),
    "short-limit": Rule(is_test, short_limits),
    "silent-test": Rule(is_test, silent_tests),
    "bare-count": Rule(is_on_a_floor, bare_counts),
    "bare-count-of-page": Rule(is_page, bare_counts_of_page),
    "unreasoned": Rule(is_python, unreasoned_silence),
    "loose-line": Rule(is_prose, loose_lines),
    "wide-prose": Rule(is_prose, wide_prose),
}


def faults(file: File) -> Iterator[tuple[str, Fault]]:
    """Everything wrong with a file, each with its rule's name."""
    for name, rule in RULES.items():
        if rule.applies(file):
            yield from ((name, fault) for fault in rule.check(file))
