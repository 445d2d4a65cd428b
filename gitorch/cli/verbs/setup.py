"""`init`, `doctor`, `check`, `start`: from a fresh repository to a prepared run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitorch.cli import arguments
from gitorch.cli.boundary import Detailed, Interrupted
from gitorch.cli.group import verb
from gitorch.cli.pages.page import Cell, Page
from gitorch.cli.pages.plain import plain
from gitorch.errors import Malformed, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.app.start.doctor import HealthCheck
    from gitorch.app.start.preflight import CheckResult, Sheet
    from gitorch.cli.call import Call
    from gitorch.model.run import Run
    from gitorch.model.workflow import Autonomy

PROMPT = click.option("--prompt", metavar="FILE", help="The implementation prompt, where it is not the plan itself.")


@verb("init", "gitorch init", "gitorch init --runtime claude --tests 'make test'")
@click.option("--runtime", default="", metavar="NAME", help="Who writes and reviews: claude, codex, …, or scripted.")
@click.option("--target", default="", metavar="BRANCH", help="The branch that approved work is merged to.")
@click.option("--tests", default="", metavar="COMMAND", help="The command that tells whether the work is sound.")
@click.pass_obj
def init(call: Call, runtime: str, target: str, tests: str) -> None:
    """Set up this repository: configuration with comments, and the ledger.

    What is there already is kept. Nothing is pushed, and no file of yours is changed. What is not said is guessed, and told.
    """
    from gitorch.app.start import setup
    from gitorch.world.resources import template_bytes

    caller = call.people_only("init")
    template = template_bytes("gitorch.yaml").decode()
    done = setup.init(call.services, caller, template, setup.InitOptions(runtime, target, tests, _offer_key(call)))
    lines = [*(f"created  {name}" for name in done.created), *(f"kept     {name}" for name in done.kept), *done.notes]
    call.say(plain(done), "\n".join([*lines, "Next: gitorch doctor, then gitorch check PLAN"]))


def _offer_key(call: Call) -> str:
    """The least grade of approvals to write into the configuration: `signed` once a key of this person may sign them.

    Asked at a terminal, of somebody who has no key among the approvers yet; everybody else gets what there is.
    """
    from gitorch.app.people import keys

    if any(one.own is not None for one in keys.approvers(call.services)):
        return "signed"
    if call.json or not call.streams.asks:
        return ""
    signer = "-".join(call.services.git.user_name().split())
    for key in keys.own_keys(call.services):
        if key.guard in keys.GUARDED and click.confirm(f"Sign approvals with {key.path}?", default=True):
            keys.add(call.services, key.path, signer)
            return "signed"
    click.echo("An approval that is only typed could be given by any program that runs as you.")
    if not click.confirm("Make an SSH key with a passphrase that signs approvals?", default=False):
        return ""
    keys.add(call.services, call.services.signatures.make_key(signer).path, signer)
    return "signed"


@verb("doctor", "gitorch doctor")
@click.pass_obj
def doctor(call: Call) -> int:
    """Look for what would make a first run fail.

    Programs of agents, the merge target, git and tmux, worktrees, the ledger. Each fault comes with what to type.
    """
    from gitorch.app.start.doctor import examine

    signs = examine(call.services)
    bad = [sign for sign in signs if sign.ok is False]
    if bad and call.json:
        raise Detailed(_sick(signs, bad), signs=signs)
    call.say({"signs": signs}, lambda page: _signs_text(signs, page))
    if bad:
        raise _sick(signs, bad)
    return 0


def _sick(signs: tuple[HealthCheck, ...], bad: list[HealthCheck]) -> Unavailable:
    return Unavailable(f"{len(bad)} of {len(signs)} checks failed: {', '.join(s.name for s in bad)}", bad[0].fix)


def _signs_text(signs: tuple[HealthCheck, ...], page: Page) -> str:
    from gitorch.model.values import replace

    shown = {True: Cell("ok", "green"), False: Cell("bad", "red"), None: Cell("note", "yellow")}
    page = replace(
        page, width=0
    )  # paths and commands are to be copied, so a terminal may break them but nobody cuts them
    lines = page.table([(shown[s.ok], Cell(s.name, "bold"), Cell(s.said)) for s in signs])
    fixes = [page.line(f"  {s.name}: {s.fix}") for s in signs if s.fix and s.ok is not True]
    return "\n".join([*lines, *(["", page.line("to do", "bold"), *fixes] if fixes else [])])


@verb("check", "gitorch check docs/plans/sign-in.md")
@click.argument("plan")
@PROMPT
@click.pass_obj
def check(call: Call, plan: str, prompt: str | None) -> None:
    """Check a plan or workflow and show what would be done; change nothing.

    Runs exactly the checks of `start` and prints every defect with its line and what to do about it.
    """
    checked = _checked(call, plan, prompt)
    _refuse_defects(checked)
    sheet = _sheet_of(checked)
    call.say({"plan": _plan_values(checked), "sheet": sheet}, lambda page: _check_text(sheet, plan, page))


def _checked(call: Call, plan: str, prompt: str | None, *, by_hand: bool = False) -> CheckResult:
    from gitorch.app.start import preflight

    return preflight.check(call.services, call.folder / plan, _path(call, prompt), by_hand)


def _path(call: Call, said: str | None) -> Path | None:
    return None if said is None else call.folder / said


def _refuse_defects(checked: CheckResult) -> None:
    """Raises Malformed with every defect of the plan, NotFound where there is none to read."""
    if checked.absent:
        raise NotFound(checked.problems[0].message, checked.problems[0].fix)
    if checked.problems:
        many = len(checked.problems)
        raise Malformed(f"{checked.plan.path} has {many} {'defect' if many == 1 else 'defects'}", checked.problems)


def _sheet_of(checked: CheckResult) -> Sheet:
    if checked.sheet is None:
        raise Malformed(f"{checked.plan.path} cannot be started")
    return checked.sheet


def _plan_values(checked: CheckResult) -> dict[str, Any]:
    plan = checked.plan
    return {"path": plan.path, "title": plan.title, "digest": plan.digest, "epics": [epic.id for epic in plan.epics]}


def _check_text(sheet: Sheet, plan: str, page: Page) -> str:
    from gitorch.cli.pages.sheets import sheet_text

    return f"{sheet_text(sheet, page)}\n\nNothing is wrong with it, and nothing was changed. Next: gitorch start {plan}"


@verb("start", "gitorch start docs/plans/sign-in.md", "gitorch start plan.md --autonomy per_epic --yes")
@click.argument("plan")
@PROMPT
@click.option("--autonomy", metavar="[per_epic|end_only]", help="How often you are asked; there is no third value.")
@click.option("--implementer", metavar="RUNTIME", default="", help="Who writes in this run, instead of the configured.")
@click.option("--reviewer", metavar="RUNTIME", default="", help="Who reviews in this run.")
@click.option("--by-hand", is_flag=True, help="Start no agents: jobs are taken with `gitorch claim`.")
@click.option("--yes", is_flag=True, help="Agree beforehand; recorded as such. Needed without a terminal.")
@click.pass_obj
def start(
    call: Call,
    plan: str,
    prompt: str | None,
    autonomy: str | None,
    implementer: str,
    reviewer: str,
    by_hand: bool,
    yes: bool,
) -> None:
    """Answer the question sheet of a plan and prepare its run.

    Shows the batches, agents, branches and the merge target first. Nothing exists before you agree; `gitorch up` then
    does the work; with `--by-hand` whoever claims its jobs does.
    """
    from gitorch.app.start import preflight

    chosen = arguments.autonomy(autonomy) if autonomy is not None else None
    caller = call.people_only("start")
    if not by_hand:
        _choose_runtimes(call, {"implementer": implementer, "reviewer": reviewer}, ask=not yes)
    checked = _checked(call, plan, prompt, by_hand=by_hand)
    if checked.problems:
        preflight.refuse(call.services, caller, checked)
    _refuse_defects(checked)
    if not yes:
        call.must_ask("start")
    agreed = _agreed(call, _sheet_of(checked), chosen, yes=yes)
    run = preflight.begin(call.services, caller, checked, agreed, "unattended" if yes else "typed")
    values = {"id": run.id, "title": run.title, "phase": run.phase, "target": run.target, "autonomy": agreed}
    if by_hand:
        from gitorch.cli.follow import carry_on

        run = carry_on(call, run)[0]
    call.say({"run": {**values, "phase": run.phase}}, f"Run {run.id} is {run.phase}. Next: {_next(call, run)}")


def _choose_runtimes(call: Call, said: Mapping[str, str], *, ask: bool) -> None:
    """Go on with the runtimes that were named, or that a human chooses among those that are there."""
    from gitorch.app.start import runtimes
    from gitorch.cli.pages.sheets import ask_runtimes

    chosen = {lane: runtime for lane, runtime in said.items() if runtime}
    if ask and call.streams.asks and not call.json:
        available = runtimes.available_runtimes(call.services)
        chosen = ask_runtimes(available, runtimes.preselected_runtimes(call.services.config), said)
    if chosen:
        call.opened = call.services.with_config(runtimes.with_runtimes(call.services.config, chosen))


def _next(call: Call, run: Run) -> str:
    from gitorch.app.query.runs import next_command

    return next_command(call.services, run)


def _agreed(call: Call, sheet: Sheet, chosen: Autonomy | None, *, yes: bool) -> Autonomy:
    """The autonomy of the run, once a human agreed to the sheet. Raises Interrupted."""
    from gitorch.cli.pages.sheets import agrees, ask_autonomy, sheet_text

    if not call.json:
        call.note(sheet_text(sheet, call.page))
    if yes:
        return chosen or sheet.autonomy
    autonomy = chosen or ask_autonomy(sheet.autonomy)
    first = "" if sheet.target_confirmed else f"and confirm {sheet.target} as a merge target of this repository "
    if not agrees(f"\nStart this run {first}with autonomy {autonomy}?"):
        raise Interrupted("nothing was started")
    return autonomy
