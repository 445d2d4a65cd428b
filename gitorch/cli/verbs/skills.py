"""`skills`: install, list and remove the skills, commands and server entries of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.cli.verb_function import group, verb
from gitorch.errors import Denied, NotFound, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.app.start.skills import Target
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.plans.skills import SkillStatus
    from gitorch.ports.files import Files

ENTRY = "entry"
"""Beside the states, the key for an entry that is added to a file that exists."""

DOING = {ENTRY: "add an entry", "absent": "create", "outdated": "update", "current": "keep", "edited": "keep, edited"}
"""What an installation does with a file in a state."""

DONE = {
    ENTRY: "entry added",
    "absent": "created",
    "outdated": "updated",
    "current": "kept",
    "edited": "kept, because it was edited",
}
GONE = {ENTRY: "", "absent": "", "outdated": "removed", "current": "removed", "edited": "kept, because it was edited"}


@group("skills")
def skills() -> None:
    """Install, list and remove skills and commands for Claude Code, Codex, Gemini CLI, OpenCode and Copilot."""


@verb("skills install")
def install(call: Call, profile: tuple[str, ...], user: bool, dry_run: bool) -> None:
    """Install skills, commands and the MCP server for a program; what you edited is kept."""
    from gitorch.app.start import skills as bundles
    from gitorch.wiring.skills import shipped_sources

    _people_only(call, "skills install", user=user)
    files, target = _place(call, user=user)
    profiles = _profiles(profile)
    if dry_run:
        found = bundles.statuses(files, target, shipped_sources(), profiles)
        call.say(_values(found, DOING), lambda page: f"{_text(found, DOING, page)}\n\nNothing was changed.")
        return

    found = bundles.install(files, target, shipped_sources(), profiles)
    call.say(_values(found, DONE), lambda page: _text(found, DONE, page))


@verb("skills list")
def list_(call: Call, profile: tuple[str, ...], user: bool) -> None:
    """List what is installed, with what is outdated or edited."""
    from gitorch.app.start import skills as bundles
    from gitorch.wiring.skills import shipped_sources

    files, target = _place(call, user=user)
    found = bundles.statuses(files, target, shipped_sources(), _profiles(profile or ("all",)))
    there = _present(found)
    states = {str(one.state): str(one.state) for one in there}
    empty = "Nothing is installed. Next: gitorch skills install --profile claude --dry-run"
    call.say(_values(there, states), lambda page: _text(there, states, page) if there else empty)


@verb("skills remove")
def remove(call: Call, profile: tuple[str, ...], user: bool) -> None:
    """Remove what gitorch installed; what you edited is kept."""
    from gitorch.app.start import skills as bundles
    from gitorch.wiring.skills import shipped_sources

    _people_only(call, "skills remove", user=user)
    files, target = _place(call, user=user)
    found = bundles.remove(files, target, shipped_sources(), _profiles(profile))
    there = _present(found)
    call.say(_values(there, GONE), lambda page: _text(there, GONE, page) or "Nothing was installed.")


def project_skills(call: Call, named: Sequence[str]) -> dict[str, str]:
    """The files that installing these profiles in the project would write, each with what is done: `create` or `add an entry`."""
    if not named:
        return {}

    from gitorch.app.start import skills as bundles
    from gitorch.wiring.skills import shipped_sources

    files, target = _place(call, user=False)
    found = bundles.statuses(files, target, shipped_sources(), _profiles(named))
    return _written(found, DOING)


def install_in_project(call: Call, named: Sequence[str]) -> dict[str, str]:
    """Install these profiles in the project; gives the files that were written, each with what was done."""
    if not named:
        return {}

    from gitorch.app.start import skills as bundles
    from gitorch.wiring.skills import shipped_sources

    files, target = _place(call, user=False)
    found = bundles.install(files, target, shipped_sources(), _profiles(named))
    return _written(found, DONE)


def _written(found: Sequence[SkillStatus], words: Mapping[str, str]) -> dict[str, str]:
    """The files that an installation writes, each once, with what it does with them."""
    written: dict[str, str] = {}
    for one in found:
        if one.after is not None:
            written.setdefault(one.file.path, _outcome(one, words))

    return written


def _outcome(one: SkillStatus, words: Mapping[str, str]) -> str:
    """What is or was done with a file, in the words for its state."""
    if one.adds_entry:
        return words[ENTRY]

    return words[str(one.state)]


def _present(found: Sequence[SkillStatus]) -> tuple[SkillStatus, ...]:
    """The files that are there."""
    present: list[SkillStatus] = []
    for one in found:
        if one.state != "absent":
            present.append(one)

    return tuple(present)


def _people_only(call: Call, verb: str, *, user: bool) -> None:
    """Deny agents. In a user's home this works without a repository, and then also without a record of the attempt."""
    try:
        call.people_only(verb)
    except NotFound:
        if not user:
            raise

        from gitorch.world.origin import evidence

        if evidence(call.environ):
            raise Denied(f"an agent may not {verb}", "gitorch skills list --user") from None


def _place(call: Call, *, user: bool) -> tuple[Files, Target]:
    """The files, and where they belong. Raises NotFound outside of a repository, Usage without a home."""
    from gitorch.app.start.skills import Target

    if not user:
        return call.services.files, Target(call.services.root)

    home = call.environ.get("HOME", "")
    if not home:
        raise Usage(
            "--user needs a home folder, and HOME is not set; set it, or leave out --user",
            "gitorch skills install --profile claude",
        )

    from gitorch.world.files import LocalFiles

    return LocalFiles(Path(home)), Target(Path(home), in_home=True, environ=call.environ)


def _profiles(named: Sequence[str]) -> tuple[str, ...]:
    """The profiles that are meant. Raises Usage for an unknown one."""
    from gitorch.text.skills.profiles import PROFILES

    chosen: list[str] = []
    for name in named:
        if name == "all":
            chosen += PROFILES
        elif name in PROFILES:
            chosen.append(name)
        else:
            known = ", ".join((*PROFILES, "all"))
            raise Usage(
                f"there is no profile {name!r}; use one of: {known}", "gitorch skills install --profile all --dry-run"
            )

    return tuple(dict.fromkeys(chosen))


def _values(found: Sequence[SkillStatus], words: dict[str, str]) -> dict[str, object]:
    """The files as values: path, profile, state, and what is or was done."""
    files = []
    for one in found:
        outcome = _outcome(one, words)
        files.append({"profile": one.profile, "path": one.file.path, "state": one.state, "outcome": outcome})

    return {"files": files}


def _text(found: Sequence[SkillStatus], words: dict[str, str], page: Page) -> str:
    """One line a file."""
    rows = []
    for one in found:
        row = (_outcome(one, words), one.file.path, one.profile)
        if row not in rows:
            rows.append(row)

    return "\n".join(page.table(rows, shrinks=(1,)))
