"""Removes secrets, home folders and e-mail addresses from texts before they leave this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

POLICIES = ("secrets", "paths", "emails")
"""The policies of `redacted`, in the order in which they are applied."""

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
    """The text without what the policies name. Equal texts give equal results.

    The replacements contain no quotes, backslashes or line breaks, so JSON and YAML stay valid.
    """
    for policy in POLICIES:
        if policy in policies:
            text = _POLICIES[policy](text)

    return text


def redact_secrets(text: str) -> str:
    """The text without secrets whose form is unmistakable (`FORMS`); everything else stays."""
    text = ARMOUR.sub("[redacted: a private key]", text)
    for kind, form in FORMS:
        text = form.sub(f"[redacted: {kind}]", text)

    return text


def _without_secrets(text: str) -> str:
    """The text without secrets: first those of unmistakable form, then values that their name calls a secret."""
    text = JWT.sub("[redacted: a token]", redact_secrets(text))
    text = BEARER.sub(r"\1[redacted: a token]", text)
    return NAMED.sub(_unless_digest, text)


def _unless_digest(found: re.Match[str]) -> str:
    """Redact a value that its name calls a secret. Digests stay: the ledger holds those of tokens, and they reveal nothing."""
    if DIGEST.match(found[2]) or found[2].startswith("[redacted"):
        return found[0]
    return f"{found[1]}[redacted: a secret]"


def _without_paths(text: str) -> str:
    return HOME.sub("~", text)


def _without_emails(text: str) -> str:
    return EMAIL.sub(_unless_harmless, text)


def _unless_harmless(found: re.Match[str]) -> str:
    """Redact an address, unless its domain is reserved for examples."""
    if HARMLESS.search(found[0]):
        return found[0]
    return "[redacted: an e-mail address]"


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
    """`line 12: a GitHub token` for each secret, in order; never the secret itself."""
    return tuple(f"line {line}: {kind}" for line, _, kind in secret_places(text))


def secret_places(text: str) -> tuple[tuple[int, int, str], ...]:
    """Line, column and kind of each secret in a text; at most one of each kind a line."""
    places: list[tuple[int, int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        for kind, form in FORMS:
            found = form.search(line)
            if found is not None:
                places.append((number, found.start() + 1, kind))

    return tuple(places)
