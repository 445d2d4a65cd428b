"""What the verbs need from the floors below, each imported when it is first called: this is where cold start is won."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitorch.app.people.decisions import Caller
    from gitorch.app.services import Tools
    from gitorch.app.start.doctor import Sign
    from gitorch.app.start.preflight import Checked
    from gitorch.app.start.setup import Initialised, Proposal, Wishes
    from gitorch.app.work.outbox import Sandbox
    from gitorch.app.work.submissions import Badge
    from gitorch.model.run import Run
    from gitorch.model.workflow import Autonomy


def _tools(start: Path, environ: Mapping[str, str]) -> Tools:
    from gitorch import wiring

    return wiring.tools(start, environ)


def _caller(tools: Tools, environ: Mapping[str, str]) -> Caller:
    from gitorch import wiring

    return wiring.caller(tools, environ)


def _badge(environ: Mapping[str, str]) -> Badge:
    from gitorch import wiring

    return wiring.badge(environ)


def _sandbox(start: Path, environ: Mapping[str, str]) -> Sandbox | None:
    from gitorch import wiring

    return wiring.sandbox(start, environ)


def _init(tools: Tools, caller: Caller, wishes: Wishes) -> Initialised:
    from gitorch import wiring
    from gitorch.app.start import setup

    return setup.init(tools, caller, wiring.template_config(), wishes)


def _propose(tools: Tools, wishes: Wishes) -> Proposal:
    from gitorch.app.start import setup

    return setup.propose(tools, wishes)


def _examine(tools: Tools) -> tuple[Sign, ...]:
    from gitorch import wiring
    from gitorch.app.start import doctor

    return doctor.examine(tools, wiring.preset_names(tools.root), wiring.store_of(tools))


def _runtimes(tools: Tools) -> tuple[tuple[str, ...], Mapping[str, str]]:
    from gitorch.app.start import runtimes

    return runtimes.runtimes_there(tools), runtimes.preselected(tools)


def _with_runtimes(tools: Tools, chosen: Mapping[str, str]) -> Tools:
    from gitorch.app.start import runtimes

    return runtimes.with_runtimes(tools, chosen)


def _check(tools: Tools, path: Path, prompt: Path | None, by_hand: bool = False) -> Checked:
    from gitorch.app.start import preflight

    return preflight.check(tools, path, prompt, by_hand)


def _refuse(tools: Tools, caller: Caller, checked: Checked) -> None:
    from gitorch.app.start import preflight

    preflight.refuse(tools, caller, checked)


def _begin(tools: Tools, caller: Caller, checked: Checked, autonomy: Autonomy, proof: str) -> Run:
    from gitorch.app.start import preflight

    return preflight.begin(tools, caller, checked, autonomy, proof)


def _template(*names: str) -> bytes:
    from gitorch import wiring

    return wiring.template(*names)


class Parts(Value):
    """The entrances to the floors below, so that tests can stand in for git, tmux and the file system at once."""

    tools: Callable[[Path, Mapping[str, str]], Tools] = _tools
    caller: Callable[[Tools, Mapping[str, str]], Caller] = _caller
    badge: Callable[[Mapping[str, str]], Badge] = _badge
    sandbox: Callable[[Path, Mapping[str, str]], Sandbox | None] = _sandbox
    init: Callable[[Tools, Caller, Wishes], Initialised] = _init
    examine: Callable[[Tools], tuple[Sign, ...]] = _examine
    check: Callable[[Tools, Path, Path | None, bool], Checked] = _check
    refuse: Callable[[Tools, Caller, Checked], None] = _refuse
    begin: Callable[[Tools, Caller, Checked, Autonomy, str], Run] = _begin
    template: Callable[..., bytes] = _template
    propose: Callable[[Tools, Wishes], Proposal] = _propose
    runtimes: Callable[[Tools], tuple[tuple[str, ...], Mapping[str, str]]] = _runtimes
    with_runtimes: Callable[[Tools, Mapping[str, str]], Tools] = _with_runtimes
