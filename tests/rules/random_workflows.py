"""Workflow files made up from a seed: lanes, reviews with ways back, advice, groups, checkpoints with two ways, phases, merges."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KINDS = ("draft", "build", "test", "generic")
"""Ledgers and syntheses owe documents, which have tests of their own."""
POSTURES = ("neutral", "security", "devils_advocate", "custom:taste")


def made_up(seed: int) -> str:
    """A valid workflow file, as JSON."""
    pick = Random(seed)
    lanes = {name: _lane(pick) for name in ("a", "b", "r")}
    sharing = Random(f"{seed} shares")  # apart, so that a seed that was remembered makes the jobs that it made
    for lane in lanes.values():
        lane.update({"worktree": "shared"} if sharing.random() < 0.25 else {})
    file: dict[str, Any] = {"gitorch": "workflow/1", "name": f"seed-{seed}", "lanes": lanes, "jobs": {}, "cycles": []}
    phases = [f"p{n}" for n in range(pick.choice((0, 0, 1, 2, 3)))]
    if phases:
        file["phases"] = phases
    ends: list[str] = []
    for phase in phases or [""]:
        ends = _part(pick, file, phase, ends)
    if not phases and pick.random() < 0.4:
        ends = _fork(pick, file, ends)
    if pick.random() < 0.6:
        file["jobs"]["approval"] = {"kind": "checkpoint", "needs": ends}
        file["jobs"]["land"] = {"kind": "merge", "needs": ["approval"]}
    file["policies"] = {
        "review": {"mode": pick.choice(("sequential", "parallel")), "reject_fails_run": pick.random() < 0.2},
        "revision": {"rounds": pick.randint(1, 2)},
        "parallelism": {"max_active_jobs": pick.randint(1, 4)},
    }
    return json.dumps(file)


STRANGE: tuple[Any, ...] = (
    *(None, True, 0, -1, 3.5, 10**30, "", "x", "\0", "ä", "../..", "a b", "2024-01-01"),
    *([], [[]], {}, {"a": 1}, ["job0", "job0"], ["nowhere"], {"": ""}, [None]),
    *("job0", "build", "checkpoint", "merge", "review", "phase_synthesis"),
)


def damaged(seed: int) -> str:
    """A workflow file in which up to three values were removed, replaced, renamed, or taken from elsewhere in it."""
    pick, file = Random(seed), json.loads(made_up(seed % 40))
    for _ in range(pick.randint(1, 3)):
        places = [place for place in _places(file, ()) if place]
        *way, last = pick.choice(places)
        inner = _at(file, way)
        other = pick.choice((pick.choice(STRANGE), _at(file, pick.choice(places))))
        match pick.choice(("remove", "replace", "replace", "replace", "rename")):
            case "remove":
                del inner[last]
            case "rename" if isinstance(inner, dict):
                inner[pick.choice(("x", "lane", "kind", "needs", "subject", "job0", ""))] = inner.pop(last)
            case _:
                inner[last] = json.loads(json.dumps(other))
    return json.dumps(file)


def _places(value: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a value, itself first."""
    yield way
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from _places(value[key], (*way, key))


def _at(value: Any, way: Iterable[Any]) -> Any:
    for key in way:
        value = value[key]
    return value


def _lane(pick: Random) -> dict[str, Any]:
    lane: dict[str, Any] = {"runtime": pick.choice(("claude", "codex", "scripted"))}
    if pick.random() < 0.3:
        lane["capacity"] = pick.randint(1, 2)
    if pick.random() < 0.2:
        lane["timeouts"] = {"lease_seconds": pick.randint(60, 600)}
    return lane


def _part(pick: Random, file: dict[str, Any], phase: str, before: list[str]) -> list[str]:
    """The jobs of one phase, or of a file without phases; what nothing in it needs yet is handed back."""
    jobs, own, open_ends = file["jobs"], [], []
    more = {"phase": phase} if phase else {}
    for _ in range(pick.randint(1, 4)):
        name = f"job{len(jobs)}"
        needs = pick.sample(own, min(len(own), pick.choice((0, 1, 1, 2)))) or before
        job = {"kind": pick.choice(KINDS), "lane": pick.choice("ab"), "objective": "Do it.", "needs": needs, **more}
        job |= {"priority": pick.randint(0, 3)} if pick.random() < 0.3 else {}
        job |= {"attempts": pick.randint(1, 4)} if pick.random() < 0.2 else {}
        job |= {"fresh": True} if pick.random() < 0.2 else {}
        jobs[name] = job
        reviews = [_review(pick, file, name, stage, more) for stage in range(1, pick.choice((0, 1, 1, 2)) + 1)]
        own += reviews or [name]
        open_ends = [end for end in open_ends if end not in needs] + (reviews or [name])
    if not phase:
        return open_ends
    close = f"close{len(jobs)}"
    jobs[close] = {"kind": "phase_synthesis", "lane": "r", "needs": open_ends, **more}
    if pick.random() < 0.6:
        back = next(job for job, spec in jobs.items() if spec.get("phase") == phase and spec["kind"] in KINDS)
        file["cycles"].append({"review": close, "back_to": back, "rounds": pick.randint(1, 2)})
    return [close]


def _review(pick: Random, file: dict[str, Any], subject: str, stage: int, more: dict[str, str]) -> str:
    name = f"{subject}.r{stage}"
    review = {
        "kind": "review",
        "lane": "r",
        "needs": [subject],
        "stage": stage,
        "posture": pick.choice(POSTURES),
        **more,
    }
    if pick.random() < 0.2:
        review["advisory"] = True
    elif pick.random() < 0.7:
        file["cycles"].append({"review": name, "back_to": subject, "rounds": pick.randint(1, 2)})
    file["jobs"][name] = review
    return name


def _fork(pick: Random, file: dict[str, Any], ends: list[str]) -> list[str]:
    """A checkpoint with a job for each of its answers."""
    jobs = file["jobs"]
    jobs["fork"] = {"kind": "checkpoint", "needs": ends, "on_continue": ["go"], "on_cancel": ["stop"]}
    for way in ("go", "stop"):
        jobs[way] = {"kind": "draft", "lane": pick.choice("ab"), "objective": "Do it.", "needs": ["fork"]}
    return ["go", "stop"]
