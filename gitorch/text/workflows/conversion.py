"""The state of a conversion: the workflow of the other format, the new names of its jobs, and the dropped fields."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitorch.text.slug import unused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KINDS = {"human_checkpoint": "checkpoint", "handoff": "generic"}
"""Kinds of jobs with another name here."""

JUDGES = frozenset({"review", "phase_synthesis"})
"""Kinds of jobs that judge and change no files."""


@dataclass(slots=True)
class Conversion:
    """A workflow of the other format while it is converted."""

    top: dict[str, Any]
    dropped: dict[str, str] = field(default_factory=dict)
    """The reason for each field that is not carried over, by its path."""
    changed: list[str] = field(default_factory=list)
    """A sentence for each change of meaning or name."""
    names: dict[str, str] = field(default_factory=dict)
    """The new ids of the jobs."""
    drafts: set[str] = field(default_factory=set)
    """The new ids of reviews that judge no job, and became drafts."""
    parallel_reviews: bool = False

    def __post_init__(self) -> None:
        """Find a new id for every job."""
        for job in self.jobs:
            name = str(job.get("id", ""))
            self.names[name] = self._new_id(name)

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that are mappings, in the order of the file. Other items are no jobs."""
        return mappings_in(self.top["jobs"])

    def _new_id(self, name: str) -> str:
        """An unused id that is as close to the old one as the syntax allows.

        A difference is reported as a change.
        """
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "job"
        new = unused(stem, self.names.values())
        if new != name:
            self.changed.append(f"The job `{name}` is called `{new}`: ids have small letters, digits and -.")

        return new

    def renamed(self, name: object) -> str:
        """The new id of a job; a name that is not one of a job stays as it is."""
        return self.names.get(str(name), str(name))

    def drop(
        self, value: Mapping[str, Any], path: str, reasons: Mapping[str, str], known: frozenset[str] = frozenset()
    ) -> None:
        """Name every field of a mapping that is not carried over.

        A field with an empty reason, or in `known`, is carried over. A field without any reason is unknown to gitorch.
        """
        for key in value:
            if key in known:
                continue
            reason = reasons.get(key, "gitorch has no such field.")
            if reason:
                self.dropped[f"{path}.{key}" if path else key] = reason

    def rows(self, key: str, reasons: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The mappings of a list at the top level, with their indexes in it.

        Their fields that are not carried over are named, with these reasons.
        """
        for number, row in enumerate(list_of(self.top.get(key))):
            if isinstance(row, dict):
                self.drop(row, f"{key}[{number}]", reasons)
                yield number, row

    def named(self, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The mappings of a mapping at the top level, by name. Other values are left out."""
        for name, part in mapping_of(self.top.get(key)).items():
            if isinstance(part, dict):
                yield name, part

    def texts(self, value: object, path: str) -> list[str]:
        """The texts of a list; empty for another value.

        A mapping with a `path` stands for that path. Other items are named as not carried over.
        """
        texts: list[str] = []
        for number, item in enumerate(list_of(value)):
            if isinstance(item, str):
                texts.append(item)
            elif isinstance(item, dict) and isinstance(item.get("path"), str):
                texts.append(item["path"])
                self.drop(item, f"{path}[{number}]", {}, frozenset({"path"}))
            else:
                self.dropped[f"{path}[{number}]"] = "it is not a text."

        return texts

    def needs(self, name: str) -> list[str]:
        """The jobs that a job needs, by their old ids, each once.

        Those of edges come first, then those of its own list.
        """
        needs: list[str] = []
        for edge in mappings_in(self.top.get("edges")):
            if edge.get("to") == name:
                needs.append(str(edge.get("from")))

        needs += self._own_needs(name)
        return list(dict.fromkeys(needs))

    def _own_needs(self, name: str) -> list[str]:
        """The needs that the first job with this id lists itself."""
        for job in self.jobs:
            if job.get("id") == name:
                return [str(need) for need in list_of(job.get("needs"))]

        return []

    def subject(self, name: str) -> str:
        """The job that a review judges, by its old id; empty without any.

        It is the target of the review's cycle, else the nearest work before the review.
        """
        for cycle in mappings_in(self.top.get("cycles")):
            if cycle.get("from") == name:
                return str(cycle.get("to"))

        return self._nearest_work(name)

    def _nearest_work(self, name: str) -> str:
        """The nearest job before this one that changes files; empty without any. Each job is visited once."""
        waiting = self.needs(name)
        visited: set[str] = set()

        while waiting:
            job = waiting.pop(0)
            if job in visited:
                continue

            if self._is_work(job):
                return job

            visited.add(job)
            waiting += self.needs(job)

        return ""

    def _is_work(self, name: str) -> bool:
        """Whether a job changes files. A name that is not one of a job counts as work: the new file's check then reports it."""
        for job in self.jobs:
            if str(job.get("id")) == name:
                kind = str(job.get("type"))
                return KINDS.get(kind, kind) not in {*JUDGES, "checkpoint"}

        return True


def list_of(value: object) -> list[Any]:
    """The value itself if it is a list.

    Empty for any other value, which the old format allows in the place of every list.
    """
    if isinstance(value, list):
        return value
    return []


def mapping_of(value: object) -> dict[str, Any]:
    """The value itself if it is a mapping.

    Empty for any other value.
    """
    if isinstance(value, dict):
        return value
    return {}


def mappings_in(value: object) -> list[dict[str, Any]]:
    """The mappings of a list, in order.

    Empty for any other value; items that are no mappings are left out.
    """
    return [item for item in list_of(value) if isinstance(item, dict)]


def json_of(value: object) -> str:
    """A value as JSON on one line, which YAML reads as the same value.

    Raises TypeError for a value that JSON does not have.
    """
    return json.dumps(value, ensure_ascii=False)


def json_line(value: object) -> str:
    """A text as JSON, with each run of blanks and line breaks as one blank."""
    return json_of(" ".join(str(value).split()))
