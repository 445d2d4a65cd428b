"""Secrets in what is about to be recorded: history is for ever, so they are looked for before.

Only forms that mean nothing else: keys with their issuers' prefixes and lengths, and private keys in their armour.
"""

from __future__ import annotations

import re

FORMS = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})\b")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("an Anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{20,}")),
    ("an OpenAI key", re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]*T3BlbkFJ[A-Za-z0-9_-]{10,}")),
    ("a Stripe key", re.compile(r"\b[sr]k_live_[0-9A-Za-z]{20,}")),
    ("an npm token", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a package index token", re.compile(r"\bpypi-AgE[A-Za-z0-9_-]{50,}")),
    ("a password in a URL", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:(?!\*+@)[^\s/:@]{6,}@[^\s/]+")),
)


def secrets_in(text: str) -> tuple[str, ...]:
    """`line 12: a GitHub token` for each one found, in order; the secret itself is never repeated."""
    return tuple(f"line {line}: {what}" for line, _, what in secret_places(text))


def secret_places(text: str) -> tuple[tuple[int, int, str], ...]:
    """Line, column and kind of each secret in a text."""
    lines = enumerate(text.splitlines(), 1)
    found = ((number, form.search(line), what) for number, line in lines for what, form in FORMS)
    return tuple((number, at.start() + 1, what) for number, at, what in found if at is not None)
