"""What the rules say in every scene, whole: compared with `tests/rules/texts/scenes`, where a changed line is a changed answer.

`pytest --rewrite-transcripts` writes the texts anew. An answer that several scenes share stands once, with their names.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from forged_scenes import API
from golden import assert_golden
from play import HOST, HUMAN, OPERATOR
from scene_answers import answer, prompts, reports, ticks, verdict_on, view
from scene_book import SCENES, scene
from scene_commands import ASKED

from gitorch.rules.evolve import RUN_EVENTS


class Answers:
    """Texts under a label each, with the scenes in which they were given."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, list[str]]] = {}

    def add(self, label: str, text: str, name: str) -> None:
        names = self.found.setdefault(label, {}).setdefault(text, [])
        if name not in names:
            names.append(name)

    def text(self) -> str:
        """Each label with its texts; one that stood under an earlier label, for the same scenes, is only counted."""
        lines: list[str] = []
        before: set[str] = set()
        for label, texts in self.found.items():
            blocks = [f"{text}\n  in {among(names)}" for text, names in texts.items()]
            known = [block for block in blocks if block in before]
            lines += [f"> {label}", *(block for block in blocks if block not in before)]
            lines += [f"({len(known)} as above)"] if known else []
            before.update(blocks)
        return "\n".join(lines) + "\n"


def among(names: list[str]) -> str:
    """These scenes, or the others where those are fewer."""
    others = [name for name in SCENES if name not in names]
    if len(others) < len(names):
        return f"all but {', '.join(others)}" if others else "all"
    return ", ".join(names)


@pytest.mark.parametrize("noun", ASKED)
def test_every_command_is_answered_in_every_scene(noun: str, request) -> None:
    answers = Answers()
    for name in SCENES:
        for label, command, actor in ASKED[noun](scene(name)):
            answers.add(label, answer(scene(name), command, actor), name)
    assert_golden(f"scenes/{noun}.txt", answers.text(), request)


def test_every_observation_is_answered_in_every_scene(request) -> None:
    answers = Answers()
    for name in SCENES:
        for label, lines in ticks(scene(name)):
            for line in lines:
                answers.add(label, line, name)
    assert_golden("scenes/ticks.txt", answers.text(), request)


@pytest.mark.parametrize("look", [view, reports, prompts], ids=["view", "reports", "prompts"])
def test_every_scene_is_shown_whole(look, request) -> None:
    seen: set[str] = set()
    lines: list[str] = []
    for name in SCENES:
        lines.append(f"> {name}")
        for line in look(scene(name)):
            if line not in seen:
                lines.append(line)
            seen.add(line)
    assert_golden(f"scenes/{look.__name__}.txt", "\n".join(lines) + "\n", request)


def test_every_record_is_taken_or_called_corrupt_in_every_scene(request) -> None:
    samples = {type(event): (event, actor) for name in SCENES for event, actor in scene(name).history}
    answers = Answers()
    for kind, (event, author) in samples.items():
        for actor in {a.kind: a for a in (author, HOST, HUMAN, OPERATOR, API)}.values():
            if kind not in RUN_EVENTS or actor.kind not in RUN_EVENTS[kind].writers:
                continue
            for name in SCENES:
                answers.add(f"{kind.__name__} by {actor.kind}", verdict_on(scene(name), event, actor) or "taken", name)
    assert_golden("scenes/forged.txt", answers.text(), request)
