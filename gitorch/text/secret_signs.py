"""The signs by which a text may hold a secret: cheap to look for, where compiling the expressions of `text.redact` takes 6 ms."""

SIGNS = (
    *("PRIVATE KEY", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox"),
    *("AIza", "sk-", "_live_", "npm_", "pypi-", "://"),
)
"""Every secret that `text.redact` knows contains one of these."""


def is_suspicious(text: str) -> bool:
    """Whether a text could hold a secret: only then is it worth compiling the expressions that tell."""
    for sign in SIGNS:
        if sign in text:
            return True
    return False
