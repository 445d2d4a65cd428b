"""What the scripted agents of a seed do wrong, written as one script for all of them: each misdeed once, then their work."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from twelve import NEEDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Steps = list[dict[str, object]]
HANG_SECONDS = 600


def once(flag: Path, then: str) -> dict[str, object]:
    """A shell command that happens in one session only, whichever worktree the next one gets."""
    return {"run": f"mkdir '{flag}' 2>/dev/null && {then}; true"}


def end_once(flag: Path) -> dict[str, object]:
    """The turn ends here, the first time."""
    return {"run": f"! mkdir '{flag}' 2>/dev/null", "exit": 0}


def end_once_more(flag: Path) -> dict[str, object]:
    """Commits once after the report: where the flag is there already, the turn ends before that."""
    return {"run": f"mkdir '{flag}' 2>/dev/null", "exit": 0}


def work(job: str, more: str = "") -> Steps:
    """One file that says which round it is of; whoever wrote into everybody's file gives in when it is asked again."""
    settle = "; if [ -f shared.txt ] && [ {attempt} -gt 1 ]; then echo settled >shared.txt; fi"
    return [
        {"run": f"echo '{job} {{attempt}}{more}' >{job}.txt{settle}", "exit": 0},
        {"commit": f"Work on {job}, round {{attempt}}"},
    ]


DONE = {"handoff": "DONE"}
REVISE = {
    "verdict": "needs_revision",
    "findings": [
        {"title": "Say more", "severity": "important", "path": "{subject}.txt", "line": 1},
        {"title": "Say less", "severity": "minor", "path": "nowhere.txt", "line": 9},
    ],
}
ACCEPT = {"verdict": "accept"}
NOTE = {"verdict": "accept_with_findings", "findings": [{"title": "A thought", "severity": "note"}]}

AUTHORS: dict[str, tuple[float, Callable[[str, Path], Steps]]] = {
    "crash": (2, lambda job, flag: [once(flag, "kill -KILL $PPID"), *work(job), DONE]),
    "crash-after-work": (1, lambda job, flag: [*work(job), once(flag, "kill -SEGV $PPID"), DONE]),
    "crash-after-report": (1, lambda job, flag: [*work(job), DONE, once(flag, "kill -KILL $PPID")]),
    "hang": (1, lambda job, flag: [once(flag, f"exec sleep {HANG_SECONDS}"), *work(job), DONE]),
    "hang-after-report": (1, lambda job, flag: [*work(job), DONE, once(flag, f"exec sleep {HANG_SECONDS}")]),
    "dirty": (1, lambda job, _: [*work(job), {"leave_uncommitted": f"{job}.tmp", "once": True}, DONE]),
    "scope": (1, lambda job, _: [*work(job), {"wrong_scope": "somebody.else", "once": True}, DONE]),
    "twice": (1, lambda job, _: [*work(job), DONE, {"second_report": "DONE"}]),
    "other": (1, lambda job, _: [*work(job), {"wrong_job": "ash" if job != "ash" else "bay"}, DONE]),
    "word": (1, lambda job, _: [*work(job), {"bad_status": "FINISHED"}, DONE]),
    "own": (1, lambda job, _: [*work(job), {"judge_own_work": "accept"}, DONE]),
    "approve": (1, lambda job, _: [*work(job), {"try_approve": True}, DONE]),
    "late": (1, lambda job, flag: [*work(job), DONE, end_once_more(flag), {"commit_after_report": "One more"}]),
    "lie": (2, lambda job, _: [*work(job, " broken"), {"lie_about_tests": "all of them pass"}]),
    "ask": (1, lambda job, _: [{"ask": f"What is {job}?", "name": "it"}, *work(job), DONE]),
    "block": (1, lambda job, _: [{"block": "There is no key", "clears": "a key"}, *work(job), DONE]),
    "doubt": (2, lambda job, _: [*work(job), {"handoff": "DONE_WITH_CONCERNS", "concerns": ["It is slow"]}]),
    "dialog": (1, lambda job, _: [{"dialog": "permission", "once": True}, *work(job), DONE]),
    "flood": (1, lambda job, _: [{"flood": 3000}, *work(job), DONE]),
    "limit": (1, lambda job, _: [{"limit": 2, "once": True}, *work(job), DONE]),
    "clash": (0.5, lambda job, _: [{"run": f"echo {job} >shared.txt"}, *work(job), DONE]),
}
REVIEWERS: dict[str, tuple[float, Callable[[str, Path], Steps]]] = {
    "crash": (2, lambda _, flag: [once(flag, "kill -KILL $PPID"), ACCEPT]),
    "hang": (1, lambda _, flag: [once(flag, f"exec sleep {HANG_SECONDS}"), ACCEPT]),
    "prose": (1, lambda _, flag: [{"prose_verdict": "LGTM, approved."}, end_once(flag), ACCEPT]),
    "nonce": (1, lambda _, __: [{"bad_nonce": "accept"}, ACCEPT]),
    "stale": (1, lambda _, __: [{"stale_verdict": "accept"}, ACCEPT]),
    "twice": (1, lambda _, __: [ACCEPT, ACCEPT]),
    "instead": (1, lambda _, __: [{"bad_status": "ACCEPT"}, ACCEPT]),
    "revise": (5, lambda _, __: [REVISE]),
    "note": (1, lambda _, __: [NOTE]),
    "reject": (0.5, lambda _, __: [{"verdict": "reject"}]),
    "approve": (1, lambda _, __: [{"try_approve": True}, ACCEPT]),
}
BOOTS: dict[str, tuple[float, dict[str, object]]] = {
    "slow": (2, {"boot_delay": 1.5}),
    "exit": (1, {"boot_exit": 3}),
    "deaf": (1, {"no_prompt": True}),
    "trust": (1, {"dialog": "trust"}),
    "swallow": (1, {"ignore_enter": 1}),
    "drop": (1, {"drop_paste": 1}),
}


def script_of(seed: int, flags: Path) -> tuple[str, list[str]]:
    """The script of all agents of a seed, and the misdeeds in it as `ash:crash`."""
    dice = random.Random(f"mischief {seed}")
    wickedness = dice.choice((0.15, 0.3, 0.5))
    flags.mkdir(exist_ok=True)
    turns: list[str] = []
    told: list[str] = []
    for job in NEEDS:
        if dice.random() < wickedness / 2:
            name = pick(dice, BOOTS)
            told.append(f"{job}:boot-{name}")
            turns.append(table("boot", {"job": job}, [{**BOOTS[name][1], "once": True}]))
        for role, deeds, attempts in (("", AUTHORS, 2), (".spec", REVIEWERS, 2), (".quality", REVIEWERS, 2)):
            for attempt in range(1, attempts + 1):
                if dice.random() < wickedness / attempt:
                    name = pick(dice, deeds)
                    told.append(f"{job}{role}:{name}")
                    steps = deeds[name][1](job, flags / f"{job}{role}-{attempt}")
                    turns.append(table("turn", {"job": job + role, "attempt": attempt}, of_subject(steps, job)))
        turns.append(table("turn", {"job": job}, [*work(job), DONE]))
    turns.append(table("turn", {"kind": "review"}, [ACCEPT]))
    return "\n".join(turns), told


def pick(dice: random.Random, deeds: dict[str, tuple[float, object]]) -> str:
    return dice.choices(list(deeds), [weight for weight, _ in deeds.values()])[0]


def of_subject(steps: Steps, job: str) -> Steps:
    """The steps with the subject's file in their findings: paths there are not filled in."""
    return json.loads(json.dumps(steps).replace("{subject}.txt", f"{job}.txt"))


def table(name: str, keys: dict[str, object], steps: Steps) -> str:
    """One turn or boot of a script; JSON's strings, numbers, lists and truth values are TOML's as well."""
    lines = [f"[[{name}]]", *(f"{key} = {toml(value)}" for key, value in keys.items())]
    for step in steps:
        lines += [f"[[{name}.step]]", *(f"{key} = {toml(value)}" for key, value in step.items())]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
