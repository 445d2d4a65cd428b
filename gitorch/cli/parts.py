"""What the verbs need from the floors below, each imported when it is first called: this is where cold start is won."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitorch.app.people.decisions import Caller
    from gitorch.app.services import Services
    from gitorch.app.start.doctor import HealthCheck
    from gitorch.app.start.preflight import CheckResult
    from gitorch.app.start.setup import InitOptions, InitResult, Proposal
    from gitorch.app.work.outbox import Sandbox
    from gitorch.app.work.submissions import AgentCredential
    from gitorch.model.run import Run
    from gitorch.model.workflow import Autonomy


def _tools(start: Path, environ: Mapping[str, str]) -> Services:
    from gitorch import wiring

    return wiring.services(start, environ)


def _caller(services: Services, environ: Mapping[str, str]) -> Caller:
    from gitorch import wiring

    return wiring.caller(services, environ)


def _credential(environ: Mapping[str, str]) -> AgentCredential:
    from gitorch import wiring

    return wiring.credential(environ)


def _sandbox(start: Path, environ: Mapping[str, str]) -> Sandbox | None:
    from gitorch import wiring

    return wiring.sandbox(start, environ)


def _init(services: Services, caller: Caller, wishes: InitOptions) -> InitResult:
    from gitorch import wiring
    from gitorch.app.start import setup

    return setup.init(services, caller, wiring.template_config(), wishes)


def _propose(services: Services, wishes: InitOptions) -> Proposal:
    from gitorch.app.start import setup

    return setup.propose(services, wishes)


def _examine(services: Services) -> tuple[HealthCheck, ...]:
    from gitorch import wiring
    from gitorch.app.start import doctor

    return doctor.examine(services, wiring.preset_names(services.root), wiring.store_of(services))


def _runtimes(services: Services) -> tuple[tuple[str, ...], Mapping[str, str]]:
    from gitorch.app.start import runtimes

    return runtimes.runtimes_there(services), runtimes.preselected(services)


def _with_runtimes(services: Services, chosen: Mapping[str, str]) -> Services:
    from gitorch.app.start import runtimes

    return runtimes.with_runtimes(services, chosen)


def _check(services: Services, path: Path, prompt: Path | None, by_hand: bool = False) -> CheckResult:
    from gitorch.app.start import preflight

    return preflight.check(services, path, prompt, by_hand)


def _refuse(services: Services, caller: Caller, checked: CheckResult) -> None:
    from gitorch.app.start import preflight

    preflight.refuse(services, caller, checked)


def _begin(services: Services, caller: Caller, checked: CheckResult, autonomy: Autonomy, proof: str) -> Run:
    from gitorch.app.start import preflight

    return preflight.begin(services, caller, checked, autonomy, proof)


def _template(*names: str) -> bytes:
    from gitorch import wiring

    return wiring.template(*names)


class Parts(Value):
    """The entrances to the floors below, so that tests can stand in for git, tmux and the file system at once."""

    services: Callable[[Path, Mapping[str, str]], Services] = _tools
    caller: Callable[[Services, Mapping[str, str]], Caller] = _caller
    credential: Callable[[Mapping[str, str]], AgentCredential] = _credential
    sandbox: Callable[[Path, Mapping[str, str]], Sandbox | None] = _sandbox
    init: Callable[[Services, Caller, InitOptions], InitResult] = _init
    examine: Callable[[Services], tuple[HealthCheck, ...]] = _examine
    check: Callable[[Services, Path, Path | None, bool], CheckResult] = _check
    refuse: Callable[[Services, Caller, CheckResult], None] = _refuse
    begin: Callable[[Services, Caller, CheckResult, Autonomy, str], Run] = _begin
    template: Callable[..., bytes] = _template
    propose: Callable[[Services, InitOptions], Proposal] = _propose
    runtimes: Callable[[Services], tuple[tuple[str, ...], Mapping[str, str]]] = _runtimes
    with_runtimes: Callable[[Services, Mapping[str, str]], Services] = _with_runtimes
