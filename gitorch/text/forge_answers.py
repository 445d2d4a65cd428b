"""What the programs of forges print about a pull request, as values: `gh`, `glab`."""

from __future__ import annotations

import json
from typing import Any

from gitorch.model.work.proposal import ClaimedReview, Claims, PullRequest

STATES = {"OPEN": "open", "opened": "open", "locked": "open", "CLOSED": "closed", "closed": "closed"}
"""The words of the forges; any other one, such as MERGED, means that it was merged."""

REVIEWS = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested changes on"}
"""The verdicts that a review can have; others are comments, and a dismissed one counts no longer."""


def github_pull_request(view: str, comments: str, at: str) -> PullRequest | None:
    """A pull request of GitHub; None for an answer that is none.

    `view` is what `gh pr view --json url,state,reviews,comments,mergedBy` prints, `comments` the answer about comments at lines.
    """
    data = _object(view)
    if "url" not in data or "state" not in data:
        return None

    reviews: list[ClaimedReview] = []
    written: list[str] = []
    for review in _objects(data.get("reviews")):
        by = _name(review, "author", "login")
        state = REVIEWS.get(str(review.get("state")), "")
        if state:
            reviews.append(ClaimedReview(by, state, _name(review, "commit", "oid")))
        if review.get("body"):
            written.append(f"{by}: {review['body']}")
    for comment in _objects(data.get("comments")):
        written.append(f"{_name(comment, 'author', 'login')}: {comment.get('body', '')}")
    for comment in _objects(_value(comments)):
        place = f"{comment.get('path', '')}:{comment.get('line') or 1}"
        written.append(f"{_name(comment, 'user', 'login')} at {place}: {comment.get('body', '')}")

    claims = Claims("gh pr view", at, _name(data, "mergedBy", "login"), tuple(reviews))
    return PullRequest(str(data["url"]), STATES.get(str(data["state"]), "merged"), claims, tuple(written))


def gitlab_merge_request(view: str, approvals: str, notes: str, at: str) -> PullRequest | None:
    """A merge request of GitLab; None for an answer that is none.

    `view` is what `glab mr view --output json` prints, the others what its API answers about approvals and notes.
    """
    data = _object(view)
    if "web_url" not in data or "state" not in data:
        return None

    commit = str(data.get("sha") or "")
    reviews: list[ClaimedReview] = []
    for approval in _objects(_object(approvals).get("approved_by")):
        reviews.append(ClaimedReview(_name(approval, "user", "username"), "approved", commit))
    written: list[str] = []
    for note in _objects(_value(notes)):
        if note.get("system"):
            continue
        position = note.get("position")
        place = ""
        if isinstance(position, dict):
            place = f" at {position.get('new_path', '')}:{position.get('new_line') or 1}"
        written.append(f"{_name(note, 'author', 'username')}{place}: {note.get('body', '')}")

    by = _name(data, "merge_user", "username") or _name(data, "merged_by", "username")
    claims = Claims("glab mr view", at, by, tuple(reviews))
    return PullRequest(str(data["web_url"]), STATES.get(str(data["state"]), "merged"), claims, tuple(written))


def _value(text: str) -> Any:
    """The JSON value of a text; None for one that is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _object(text: str) -> dict[str, Any]:
    """The JSON object of a text; empty for one that is no object."""
    value = _value(text)
    if isinstance(value, dict):
        return value
    return {}


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list; none for anything else."""
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict)]


def _name(data: dict[str, Any], key: str, name: str) -> str:
    """A text inside an object inside an object; empty without one."""
    inner = data.get(key)
    if not isinstance(inner, dict):
        return ""
    return str(inner.get(name) or "")
