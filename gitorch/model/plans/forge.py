"""Which forge a remote is on, as far as gitorch treats them differently."""

from __future__ import annotations

from gitorch.model.words import Words


class ForgeKind(Words):
    """A kind of forge, as `push.forge` names it."""

    AUTO = "auto"
    """The one that the name of the remote's host tells of."""
    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    """Gitea and Forgejo."""
    NONE = "none"
    """Another one, or a plain repository."""


class PushAs(Words):
    """How approved work reaches the remote, as `push.as` names it."""

    BRANCH = "branch"
    """gitorch merges it, and pushes the target."""
    PULL_REQUEST = "pull-request"
    """Each branch is a pull request, which people merge on the forge."""
