"""The story that real programs are led through: two epics, one of them with a round of findings, the other with a question.

A model that follows these cues reads what it is pointed to, and does what a brief, findings or an answer ask for, with the commands that
stand in them. Files are written by the program's own tool, commits and reports by its shell.
"""

from __future__ import annotations

from mind import Cue

HASH = r"(?P<head>\b[0-9a-f]{40}\b)"

POINTED = Cue(r"\ARead (?P<path>\S+) and do what it says\.\Z", says="I read it.", runs="cat @path@")
EMPTY = Cue(r"Output: \(empty\)[\s\S]*\nafter .*cat (?P<path>[\w./-]+)", says="I look again.", runs="cat @path@")
"""Gemini CLI on a busy machine loses what a command put out right before its end."""

APPROVED = Cue(r"\AAPPROVED ", says="Good.")
REPORTED = Cue(r"Stop here|You are done|is cleared at", says="I stop here.")
ANSWER_FINDINGS = Cue(
    r"# Findings on (?P<job>\w+) after round", says="Two words.", writes=("@job@-2.txt", "Two words.\n")
)
FIXED = Cue(
    HASH + r"[\s\S]*\nafter .*-2\.txt.*rev-parse",
    runs='gitorch handoff DONE --summary "Two words now" --reply 1=fixed:@head@',
)
HANDED_IN = 'gitorch handoff DONE --summary "As the brief asks" --tests "none"'
DONE = Cue(HASH + r"[\s\S]*\nafter .*rev-parse", runs=HANDED_IN)
WRITTEN = Cue(
    r"\nafter .*?(?P<file>\w+(-2)?\.txt)",
    runs='git add @file@ && git commit -q -m "Write @file@" && git rev-parse HEAD',
)
FAILED = Cue(r"(Exit code|exited with code|Exit Code:) [1-9]|fatal: |gitorch: ", says="That failed.")
ASK = Cue(
    r"# docs: (?![\s\S]*## Answers)", runs='gitorch handoff NEEDS_CONTEXT --question "Which title?" --summary "Unsure"'
)
ANSWERED = Cue(r"# Answers for (?P<job>\w+)", writes=("@job@.txt", "One word.\n"))
BUILD = Cue(r"# (?P<job>\w+): ", writes=("@job@.txt", "One word.\n"))
JUDGE = r"# (?P<review>\w+\.spec): [\s\S]*gitorch verdict accept --commit (?P<commit>\w+) --nonce (?P<nonce>\S+)"
OBJECT = Cue(
    r"You review `api` \(round 1\)[\s\S]*gitorch verdict accept --commit (?P<commit>\w+) --nonce (?P<nonce>\S+)",
    runs="gitorch verdict needs_revision --commit @commit@ --nonce @nonce@ --summary 'One word is not enough'"
    " --finding 'important|api.txt:1|One word is not enough|Write two.'",
)
ACCEPT = Cue(JUDGE, runs='gitorch verdict accept --commit @commit@ --nonce @nonce@ --summary "As asked"')

WHOLE_BRIEF = (
    Cue(
        r"# Findings on (?P<job>\w+) after round",
        by="aider",
        says="Two words.",
        writes=("@job@-2.txt", "Two words.\n"),
        runs='gitorch handoff DONE --summary "Two words now" --reply "1=fixed:another file"',
    ),
    Cue(ASK.hears, by="aider", says="I am unsure.", runs=ASK.runs),
    Cue(BUILD.hears, by="aider", says="One word.", writes=BUILD.writes, runs=HANDED_IN),
)
"""For a program that is given its brief whole and does what it says in one answer."""

STORY = (
    *WHOLE_BRIEF,
    POINTED,
    EMPTY,
    APPROVED,
    REPORTED,
    FAILED,
    ANSWER_FINDINGS,
    FIXED,
    DONE,
    OBJECT,
    ACCEPT,
    WRITTEN,
    ANSWERED,
    ASK,
    BUILD,
)
"""All cues in the order in which they are tried."""
