"""What is taken out of a text before it leaves this machine: secrets, the folders of people, their e-mail addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

POLICIES = ("secrets", "paths", "emails")
"""What can be taken out; all of it is, unless somebody says that it may stay."""

ARMOUR = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
NAMED = re.compile(
    r"(?i)\b((?:[a-z0-9]+[_-])*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)\b\\?[\"']?\s*[:=]\s*\\?[\"']?)"
    r"([^\s\"'\\,;]{6,})"
)
BEARER = re.compile(r"(?i)\b(bearer\s+)[a-z0-9._~+/-]{12,}=*")
JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
HOME = re.compile(
    r"(?<![\w.~-])(?:/(?:home|Users)/[^/\s\"'\\:]+|/roo[t](?=/)|[A-Za-z]:\\{1,2}Users\\{1,2}[^\\/\s\"':]+)"
)
EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b(?!/)")
HARMLESS = re.compile(
    r"@(?:[A-Za-z0-9-]+\.)*(?:invalid|example|test|localhost)\b|@example\.(?:com|org|net)$", re.IGNORECASE
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def redacted(text: str, policies: Collection[str] = POLICIES) -> str:
    """The text without what the policies name; the same text is always redacted to the same one.

    What is put in its place has no quotes, backslashes or line breaks, so that JSON and YAML stay what they are.
    """
    for policy in POLICIES:
        if policy in policies:
            text = _POLICIES[policy](text)
    return text


def blotted(text: str) -> str:
    """The text without the secrets that can be nothing else, and all else as it was."""
    text = ARMOUR.sub("[redacted: a private key]", text)
    for what, form in FORMS:
        text = form.sub(f"[redacted: {what}]", text)
    return text


def _without_secrets(text: str) -> str:
    text = JWT.sub("[redacted: a token]", blotted(text))
    text = BEARER.sub(r"\1[redacted: a token]", text)
    return NAMED.sub(_unless_digest, text)


def _unless_digest(found: re.Match[str]) -> str:
    """What is said to be a token is taken out, but for the ledger's own digests of tokens, which give nothing away."""
    if DIGEST.match(found[2]) or found[2].startswith("[redacted"):
        return found[0]
    return f"{found[1]}[redacted: a secret]"


def _without_paths(text: str) -> str:
    return HOME.sub("~", text)


def _without_emails(text: str) -> str:
    return EMAIL.sub(lambda found: found[0] if HARMLESS.search(found[0]) else "[redacted: an e-mail address]", text)


_POLICIES: dict[str, Callable[[str], str]] = {
    "secrets": _without_secrets,
    "paths": _without_paths,
    "emails": _without_emails,
}


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
