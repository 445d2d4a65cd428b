"""Answers of `gh` and `glab`, in the fields that their documentation names, and answers that are none."""

from __future__ import annotations

import json

import pytest

from gitorch.model.work.proposal import ClaimedReview
from gitorch.text.forge_answers import github_pull_request, gitlab_merge_request

AT = "2026-11-28T12:00:00.000Z"
GITHUB = {
    "url": "https://github.com/ann/project/pull/7",
    "state": "MERGED",
    "mergedBy": {"id": "MDQ6VXNlcjE=", "is_bot": False, "login": "ann", "name": "Ann"},
    "comments": [{"author": {"login": "bob"}, "body": "Nice.", "createdAt": "2026-11-28T10:00:00Z"}],
    "reviews": [
        {"author": {"login": "bob"}, "state": "APPROVED", "body": "", "commit": {"oid": "1" * 40}},
        {"author": {"login": "eve"}, "state": "CHANGES_REQUESTED", "body": "Too big.", "commit": {"oid": "2" * 40}},
        {"author": {"login": "eve"}, "state": "DISMISSED", "body": "", "commit": {"oid": "2" * 40}},
        {"author": {"login": "eve"}, "state": "COMMENTED", "body": "Hm.", "commit": {"oid": "2" * 40}},
    ],
}
LINES = [{"user": {"login": "eve"}, "path": "reports/r/report.md", "line": 12, "body": "Why?", "commit_id": "2" * 40}]
GITLAB = {
    "iid": 7,
    "web_url": "https://gitlab.example.com/ann/project/-/merge_requests/7",
    "state": "opened",
    "sha": "3" * 40,
    "merge_user": None,
}
NOTES = [
    {"author": {"username": "eve"}, "body": "Why?", "system": False, "position": {"new_path": "a.md", "new_line": 4}},
    {"author": {"username": "bot"}, "body": "assigned to @ann", "system": True},
]


def test_a_pull_request_of_github_is_read_with_reviews_and_comments():
    pull = github_pull_request(json.dumps(GITHUB), json.dumps(LINES), AT)
    assert (pull.address, pull.state, pull.claims.merged_by) == (GITHUB["url"], "merged", "ann")
    approved, changes = (
        ClaimedReview("bob", "approved", "1" * 40),
        ClaimedReview("eve", "requested changes on", "2" * 40),
    )
    assert pull.claims.reviews == (approved, changes)
    assert pull.comments == ("eve: Too big.", "eve: Hm.", "bob: Nice.", "eve at reports/r/report.md:12: Why?")
    assert pull.claims.at == AT
    assert github_pull_request(json.dumps(GITHUB | {"state": "CLOSED"}), "", AT).state == "closed"


def test_a_merge_request_of_gitlab_is_read_with_approvals_and_notes():
    approvals = json.dumps({"approved_by": [{"user": {"username": "bob"}}]})
    pull = gitlab_merge_request(json.dumps(GITLAB), approvals, json.dumps(NOTES), AT)
    assert (pull.state, pull.claims.merged_by, pull.claims.source) == ("open", "", "glab mr view")
    assert pull.claims.reviews == (ClaimedReview("bob", "approved", "3" * 40),)
    assert pull.comments == ("eve at a.md:4: Why?",)
    merged = GITLAB | {"state": "merged", "merge_user": {"username": "ann"}}
    assert gitlab_merge_request(json.dumps(merged), "", "", AT).claims.merged_by == "ann"


@pytest.mark.parametrize("answer", ["", "null", "[]", "no pull requests found", "[[[", '{"state": []}'])
def test_an_answer_that_is_no_pull_request_says_nothing(answer):
    assert github_pull_request(answer, answer, AT) is None
    assert gitlab_merge_request(answer, answer, answer, AT) is None


def test_an_answer_of_another_shape_is_read_as_far_as_it_goes():
    odd = {"url": "u", "state": "OPEN", "reviews": [1, {"author": None, "state": "APPROVED"}], "comments": {"a": 1}}
    pull = github_pull_request(json.dumps(odd), '{"message": "Not Found"}', AT)
    assert (pull.claims.reviews, pull.comments) == ((ClaimedReview("", "approved", ""),), ())
