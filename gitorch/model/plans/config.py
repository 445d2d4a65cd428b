"""The configuration of a repository: `gitorch.yaml`, with every default filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.allowance import Allowance
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.forge import ForgeKind, PushAs
from gitorch.model.plans.preparation import Preparation
from gitorch.model.plans.prices import PriceList
from gitorch.model.plans.workflow import Autonomy, Commits, ReviewMode, Sandbox
from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.plans.permission import Rule


class RuntimeChoice(Value):
    """A runtime as configured for a lane: the preset's name, its model, how it is run, and its environment."""

    preset: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    one_shot: bool = False
    permissions: tuple[Rule, ...] = ()
    trust: bool = False
    sandbox: Sandbox = Sandbox.NONE
    network: bool = True
    writable: tuple[str, ...] = ()
    takeover: str = ""
    """The runtime that takes over when this one has reached its usage limit; empty for none."""


class Config(Value):
    """Every key of `gitorch.yaml`; the comments in `templates/gitorch.yaml` describe them."""

    path: str = ""
    default_autonomy: Autonomy = Autonomy.END_ONLY
    merge_target: str = "main"
    coordinator: str = ""
    base_path: str = ""
    implementer: str = ""
    commits: Commits = Commits.AGENT
    """Who commits the implementers' work."""
    reviewers: Mapping[str, str] = field(default_factory=dict)
    """The reviewer's runtime by stage; for a missing stage the implementer's runtime, in a session of its own."""
    review_mode: ReviewMode = ReviewMode.SEQUENTIAL
    review_stages: tuple[str, ...] = ("spec", "quality")
    rounds_max: int = 3
    max_agents: int = 4
    test_command: str = ""
    test_command_absent: bool = False
    test_wait_seconds: int = 900
    test_target: bool = True
    """Whether the test command must pass on the target's commit before an agent is started."""
    preparation: Preparation = Preparation()
    """How new worktrees and tested checkouts are made ready."""
    start_wait_seconds: int = 60
    silence_seconds: int = 900
    lease_seconds: int = 900
    restarts_max: int = 3
    remind_first_seconds: int = 300
    remind_cap_seconds: int = 14400
    escalate_seconds: int = 1800
    run_seconds_max: int = 0
    job_seconds_max: int = 0
    memory_mib_max: int = 8192
    requests_max: int = 300
    sessions_max: int = 0
    run_budget: Allowance = Allowance()
    epic_budget: Allowance = Allowance()
    lane_budget: Allowance = Allowance()
    prices: PriceList = PriceList()
    notify_command: tuple[str, ...] = ()
    notify_wait_seconds: int = 10
    notify_quiet: tuple[int, int] = (0, 0)
    """The quiet hours: first and last minute of the day, local time; twice the same for none."""
    notify_link: str = ""
    """An address that notices carry, in which `{run}` stands for the run's id."""
    notify_terminal: bool = False
    """Whether clients that are attached to agents' terminals are rung."""
    plan_bytes_max: int = 2_000_000
    cleanup: str = "ask"
    tracker: str = "auto"
    push_remote: str = ""
    push_ledger: bool = False
    ledger_remote: str = ""
    """The remote over which several hosts share the ledger; empty: this clone alone has it."""
    ledger_public: bool = False
    """Whether that remote may be one that anybody might read."""
    approval_at_least: Grade = Grade.TYPED
    """The least grade of proof that an approval of a merge must have."""
    approval_unattended: bool = False
    """Whether `gitorch approve --yes` may approve without asking anybody."""
    approval_signers: str = ""
    """The file of allowed signers, relative to the repository's root; empty: the one that git names."""
    approval_forge_keys: str = ""
    """The file of the forge's keys, relative to the repository's root; empty: `gitorch-forge-keys`."""
    push_as: PushAs = PushAs.BRANCH
    """How approved work reaches the remote."""
    push_forge: ForgeKind = ForgeKind.AUTO
    """The forge of the remote."""
    runtimes: Mapping[str, RuntimeChoice] = field(default_factory=dict)
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Line and column of each key in the file, such as `tests.command`."""
