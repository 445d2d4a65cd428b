"""What the programs of forges print about a pull request, as values: `gh`, `glab`."""

from __future__ import annotations

import json
from typing import Any

from gitorch.model.work.proposal import ClaimedReview, Claims, PullRequest

STATES = {
    "MERGED": "merged",
    "merged": "merged",
    "CLOSED": "closed",
    "closed": "closed",
}
"""The words of the forges for a pull request that is over; any other one means that it is open."""

REVIEWS = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested changes on"}
"""The verdicts that a review can have; others are comments, and a dismissed one counts no longer."""


def github_pull_request(view: str, comments: str, at: str) -> PullRequest | None:
    """A pull request of GitHub; None for an answer that is none.

    `view` is what `gh pr view --json url,state,reviews,comments,mergedBy` prints.
    `comments` is the answer of the API about comments at lines. `at` is the time of the answers.
    """
    data = _object(view)
    if "url" not in data:
        return None

    reviews = _objects(data.get("reviews"))
    written = [_review_words(review) for review in reviews]
    written += [_comment_words(comment) for comment in _objects(data.get("comments"))]
    written += [_line_words(comment) for comment in _objects(_value(comments))]

    claims = Claims(
        source="gh pr view",
        at=at,
        merged_by=_name(data, "mergedBy", "login"),
        reviews=_judged(reviews),
    )
    return PullRequest(
        address=str(data["url"]),
        state=_state(data),
        claims=claims,
        comments=tuple(filter(None, written)),
    )


def _judged(reviews: list[dict[str, Any]]) -> tuple[ClaimedReview, ...]:
    """The reviews that approve or want changes, in their order. A comment is neither, and a dismissed review counts no longer."""
    judged: list[ClaimedReview] = []
    for review in reviews:
        state = REVIEWS.get(str(review.get("state")))
        if state is not None:
            by = _name(review, "author", "login")
            commit = _name(review, "commit", "oid")
            judged.append(ClaimedReview(by, state, commit))

    return tuple(judged)


def _review_words(review: dict[str, Any]) -> str:
    """What somebody wrote in a review; empty for a review without words."""
    if not review.get("body"):
        return ""

    return _comment_words(review)


def _comment_words(comment: dict[str, Any]) -> str:
    """What somebody wrote about the whole pull request."""
    by = _name(comment, "author", "login")
    return f"{by}: {comment.get('body', '')}"


def _line_words(comment: dict[str, Any]) -> str:
    """What somebody wrote at a line of a file."""
    by = _name(comment, "user", "login")
    path = comment.get("path", "")
    line = comment.get("line", 1)
    return f"{by} at {path}:{line}: {comment.get('body', '')}"


def gitlab_merge_request(view: str, approvals: str, notes: str, at: str) -> PullRequest | None:
    """A merge request of GitLab; None for an answer that is none.

    `view` is what `glab mr view --output json` prints.
    `approvals` and `notes` are the answers of the API about these. `at` is the time of the answers.
    """
    data = _object(view)
    if "web_url" not in data:
        return None

    commit = str(data.get("sha", ""))
    reviews: list[ClaimedReview] = []
    for approval in _objects(_object(approvals).get("approved_by")):
        by = _name(approval, "user", "username")
        reviews.append(ClaimedReview(by, "approved", commit))

    claims = Claims(
        source="glab mr view",
        at=at,
        merged_by=_name(data, "merge_user", "username"),
        reviews=tuple(reviews),
    )
    written = [_note_words(note) for note in _objects(_value(notes))]
    return PullRequest(
        address=str(data["web_url"]),
        state=_state(data),
        claims=claims,
        comments=tuple(filter(None, written)),
    )


def _note_words(note: dict[str, Any]) -> str:
    """What somebody wrote, with its place; empty for a note that GitLab wrote by itself."""
    if note.get("system"):
        return ""

    by = _name(note, "author", "username")
    path = _name(note, "position", "new_path")
    if not path:
        return f"{by}: {note.get('body', '')}"

    line = _name(note, "position", "new_line")
    return f"{by} at {path}:{line}: {note.get('body', '')}"


def _state(data: dict[str, Any]) -> str:
    """`open`, `closed` or `merged`."""
    return STATES.get(str(data.get("state")), "open")


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

    return str(inner.get(name, ""))
