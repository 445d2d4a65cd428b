"""Laws of work, its judgement, and what people are asked. See `laws`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from seed_story import FINISHED, accepted, cleared, handed_in, open_questions, sent_back, tested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from records import Record
    from story import Story

SEVERITIES = ("blocking", "important", "minor", "note")


def no_work_is_done_twice(story: Story) -> Iterator[str]:
    done = Counter((r["job"], r["attempt"]) for r in story.of("handoff-submitted") if r["status"] in FINISHED)
    judged = Counter((r["job"], r["round"]) for r in story.of("verdict-given"))
    tested = Counter((r["job"], r["attempt"]) for r in story.of("check-recorded"))
    for what, counted in (("handed in", done), ("judged", judged), ("tested", tested)):
        yield from (f"{job} was {what} {times} times in round {n}" for (job, n), times in counted.items() if times > 1)


def attempts_follow_rounds(story: Story) -> Iterator[str]:
    for record in story.of("lease-granted", "handoff-submitted"):
        lists = story.before(record, "findings-listed", job=story.subject(record["job"]))
        if record["attempt"] != len(lists) + 1:
            yield f"{record['seq']} is attempt {record['attempt']} of {record['job']} after {len(lists)} lists"


def rounds_are_bounded(story: Story) -> Iterator[str]:
    """A round beyond the limit needs a person's word, or work that moved after it was cleared."""
    cycles = {c["back_to"]: c["rounds"] + 1 for c in story.of("run-prepared")[0]["workflow"]["cycles"]}
    for listed in story.of("findings-listed"):
        job, allowed = listed["job"], cycles[listed["job"]]
        said = [
            r for r in story.before(listed, "question-answered") if r["option"] not in {"accept", "approve", "waive"}
        ]
        asked = {q["question"] for q in story.before(listed, "question-asked", "escalated", job=job)}
        more = sum(r["question"] in asked for r in said)
        more += len(story.before(listed, "job-reopened", "work-voided", job=job))
        if listed["round"] > allowed - 1 + more:
            yield f"{listed['seq']} sends {job} into round {listed['round'] + 1} of {allowed} with {more} words for it"


def a_gate_is_earned_or_waived_by_a_person(story: Story) -> Iterator[str]:
    for passed in story.of("gate-passed"):
        job, handed = passed["job"], handed_in(story, passed["job"], passed)
        if handed is None or handed["commit"] != passed["commit"] or sent_back(story, job, handed, passed):
            yield f"{passed['seq']} clears {job} at {passed['commit'][:12]}, which is not what was handed in"
        elif passed["waived"]:
            yield from _unasked_waiver(story, passed)
        else:
            yield from _unearned(story, passed, handed)


def _unearned(story: Story, passed: Record, handed: Record) -> Iterator[str]:
    job = passed["job"]
    if len(story.reviews(job)) < 2:
        yield f"{job} has fewer than two reviews"
    for review in story.reviews(job):
        if not accepted(story, review, handed, passed):
            yield f"{passed['seq']} clears {job} without the word of {review} on {passed['commit'][:12]}"
    if story.settings["test_command"] and not tested(story, job, handed, passed):
        yield f"{passed['seq']} clears {job} without its tests"
    if story.settings["autonomy"] == "per_epic" and not _said(story, passed, handed, "checkpoint", "approve"):
        yield f"{passed['seq']} clears {job} without the principal's word"
    waiting = [q for q, (kind, about) in open_questions(story, passed).items() if about == job and kind != "cleanup"]
    if waiting:
        yield f"{passed['seq']} clears {job} while {', '.join(waiting)} is open"


def _said(story: Story, at: Record, since: Record, kind: str, option: str) -> bool:
    asked = [q for q in story.before(at, "question-asked", kind=kind, job=at["job"]) if q["seq"] > since["seq"]]
    answers = story.before(at, "question-answered", option=option)
    return any(a["question"] == q["question"] for q in asked for a in answers)


def _unasked_waiver(story: Story, passed: Record) -> Iterator[str]:
    said = story.last(passed, "question-answered", option="accept_with_exceptions")
    asked = said and story.of("escalated", question=said["question"])
    if not asked or asked[0]["job"] != passed["job"] or passed["actor"]["kind"] != "principal":
        yield f"{passed['seq']} waives the findings of {passed['job']}, which nobody said"


def findings_keep_their_numbers(story: Story) -> Iterator[str]:
    known: dict[tuple[str, int], tuple[str, str]] = {}
    for listed in story.of("findings-listed"):
        found = [(x["number"], x["finding"]) for x in listed["findings"]]
        order = [(SEVERITIES.index(f["severity"]), f.get("path", ""), f.get("line", 0)) for _, f in found]
        if order != sorted(order):
            yield f"{listed['seq']} is not in order"
        if not found or len({n for n, _ in found}) != len(found):
            yield f"{listed['seq']} is empty or numbers two findings alike"
        for number, one in found:
            name = (one.get("path", ""), one["title"])
            if known.setdefault((listed["job"], number), name) != name and not one.get("number"):
                yield f"{listed['seq']} calls #{number} of {listed['job']} {name}, before {known[listed['job'], number]}"


def every_finding_is_answered(story: Story) -> Iterator[str]:
    for handed in story.of("handoff-submitted"):
        listed = story.last(handed, "findings-listed", job=handed["job"])
        if listed is None or handed["status"] not in FINISHED:
            continue
        owed = {x["number"] for x in listed["findings"]} - {r["number"] for r in handed["replies"]}
        if owed:
            yield f"{handed['seq']} leaves {owed} of {handed['job']} unanswered"


def a_report_is_true_to_its_word(story: Story) -> Iterator[str]:
    """What each word of a report owes, and no work without a commit."""
    owes = {"DONE_WITH_CONCERNS": "concerns", "NEEDS_CONTEXT": "questions", "BLOCKED": "blocker"}
    for handed in story.of("handoff-submitted"):
        due = owes.get(handed["status"])
        if due is not None and not handed[due]:
            yield f"{handed['seq']} says {handed['status']} and names nothing"
        if handed["status"] in FINISHED and (handed["commits"] < 1 or not handed["commit"]):
            yield f"{handed['seq']} hands in nothing"


# People


def questions_are_asked_once_and_answered_by_people(story: Story) -> Iterator[str]:
    asked = story.of("question-asked", "escalated")
    ids = Counter(q["question"] for q in asked)
    yield from (f"{question} was asked {times} times" for question, times in ids.items() if times > 1)
    for answer in story.of("question-answered"):
        if answer["question"] not in open_questions(story, answer):
            yield f"{answer['seq']} answers {answer['question']}, which is not open"
            continue
        options = next(q["options"] for q in asked if q["question"] == answer["question"])
        if options and answer["option"] not in options:
            yield f"{answer['seq']} says {answer['option']} to {options}"


def an_escalation_is_whole_and_open_once(story: Story) -> Iterator[str]:
    for raised in story.of("escalated"):
        parts = ("happened", "tried", "evidence", "text", "options", "trigger")
        yield from (f"{raised['seq']} leaves {part} empty" for part in parts if not raised[part])
        still = open_questions(story, raised)
        same = [q for q in story.before(raised, "escalated", trigger=raised["trigger"]) if q["question"] in still]
        yield from (f"{raised['seq']} raises {raised['trigger']} beside {q['question']}" for q in same)


def nothing_merges_without_the_principals_word_for_exactly_it(story: Story) -> Iterator[str]:
    for merged in story.of("merged"):
        said = story.last(merged, "merge-approved")
        report = story.last(merged, "report-issued")
        moved = story.last(merged, "report-voided", "merge-rejected", "report-issued", "findings-listed")
        if said is None or report is None or moved is None or moved["seq"] > said["seq"]:
            yield f"{merged['seq']} merges what nobody approved"
            continue
        same = ("digest", "target", "target_commit")
        if [said[name] for name in same] != [report[name] for name in same]:
            yield f"{said['seq']} approves another report than {report['seq']}"
        if (merged["old"], merged["new"], merged["tree"]) != (
            *(report["target_commit"], report["merged_commit"], report["merged_tree"]),
        ):
            yield f"{merged['seq']} merges another commit than {report['seq']} names"
        yield from _unmerged(story, merged, report)


def _unmerged(story: Story, merged: Record, report: Record) -> Iterator[str]:
    """The report holds exactly what is cleared, at exactly those commits, and what was tested passed."""
    named = {b["job"]: b["commit"] for b in report["branches"]}
    gates = {job: cleared(story, job, merged) for job in story.builds}
    earned = {job: gate["commit"] for job, gate in gates.items() if gate is not None}
    if named != earned:
        yield f"{merged['seq']} merges {sorted(named.items())}, but cleared is {sorted(earned.items())}"
    combined = report.get("combined")
    if report["conflicts"] or (story.settings["test_command"] and (combined or {}).get("outcome") != "passed"):
        yield f"{merged['seq']} merges what has conflicts or fails together"


def a_moved_branch_is_not_cleared(story: Story) -> Iterator[str]:
    """Voided work goes back: the next word about the job is a list, or its end."""
    for voided in story.of("work-voided"):
        later = story.of("gate-passed", "findings-listed", "job-failed", job=voided["job"])
        after = next((r for r in later if r["seq"] > voided["seq"]), None)
        if after is not None and after["type"] == "gate-passed" and not after["waived"]:
            yield f"{after['seq']} clears {voided['job']}, whose branch moved at {voided['seq']}"
