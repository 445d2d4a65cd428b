"""Laws of leases, sessions, and the texts that go to them. See `laws`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from seed_story import FINISHED, OVER, accepted, cleared, handed_in, open_questions, sent_back, tested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from records import Record
    from story import Story

LAUNCHES_MAX = 2


def one_lease_a_job(story: Story) -> Iterator[str]:
    """A lease is granted where none stands, under the next number, and only its holder acts on the job."""
    worktree_status: dict[str, Record] = {}
    fences: Counter[str] = Counter()
    for record in story.records:
        job, kind = record.get("job"), record["type"]
        if kind == "lease-granted":
            fences[job] += 1
            if job in worktree_status:
                yield f"{record['seq']} grants {job} while lease {worktree_status[job]['fence']} stands"
            if record["fence"] != fences[job]:
                yield f"{record['seq']} grants {job} as {record['fence']}, not {fences[job]}"
            worktree_status[job] = record
        elif kind in {"handoff-submitted", "verdict-given", "lease-renewed", "lease-ended"}:
            held = worktree_status.get(job)
            if held is None or held["fence"] != record["fence"] or record.get("session") not in {None, held["session"]}:
                yield f"{record['seq']} {kind} of {job} without its lease"
        for ended in _leases_ended(story, record):
            worktree_status.pop(ended, None)


def _leases_ended(story: Story, record: Record) -> list[str]:
    """The jobs whose lease a record ends."""
    job, kind = record.get("job"), record["type"]
    if kind in {"verdict-given", "lease-ended"} or (kind == "handoff-submitted" and record["status"] in FINISHED):
        return [job]
    if kind in {"gate-passed", "findings-listed", "job-failed"}:
        return [job, *story.reviews(job)]
    return list(story.jobs) if kind in OVER else []


def never_more_than_the_allowed_number_at_work(story: Story) -> Iterator[str]:
    """Counted where a lease is granted: who waits for a person takes no place, and needs none to go on (ADR 9)."""
    working: set[str] = set()
    for record in story.records:
        if record["type"] == "lease-granted":
            at_work = working - {about for _, about in open_questions(story, record).values()}
            if len(at_work) >= story.settings["max_agents"]:
                yield f"{record['seq']} gives {record['job']} away while {', '.join(sorted(at_work))} are at work"
            working.add(record["job"])
        elif record["type"] == "handoff-submitted":
            working.discard(record["job"])
        working.difference_update(_leases_ended(story, record))


def no_job_before_its_needs(story: Story) -> Iterator[str]:
    for grant in story.of("lease-granted"):
        job = story.jobs[grant["job"]]
        if "subject" in job:
            yield from _review_before_its_time(story, grant, job)
        elif grant["fence"] == 1:  # an agent that died is replaced, also where what it began on was sent back meanwhile
            for need in job.get("needs", ()):
                if not cleared(story, story.subject(need), grant):
                    yield f"{grant['seq']} begins {grant['job']} before {need} is cleared"


def _review_before_its_time(story: Story, grant: Record, job: dict[str, Any]) -> Iterator[str]:
    """A review needs work that was handed in, tested well where tests are run, and accepted by the stages before it."""
    handed = handed_in(story, job["subject"], grant)
    if handed is None or sent_back(story, job["subject"], handed, grant):
        yield f"{grant['seq']} begins {grant['job']} with nothing handed in"
        return
    if story.settings["test_command"] and not tested(story, job["subject"], handed, grant):
        yield f"{grant['seq']} begins {grant['job']} before its tests passed"
    if story.settings.get("review_mode") == "parallel":
        return
    for earlier in story.reviews(job["subject"]):
        if story.jobs[earlier]["stage"] < job["stage"] and not accepted(story, earlier, handed, grant):
            yield f"{grant['seq']} begins {grant['job']} before {earlier} accepted"


def a_session_lives_once(story: Story) -> Iterator[str]:
    opened: dict[str, str] = {}
    alive, ended = set(), set()
    for record in story.records:
        session, kind = record.get("session"), record["type"]
        if kind == "lease-granted" and record["fresh"]:
            if session in opened:
                yield f"{record['seq']} opens {session} again"
            opened[session] = record["job"]
        if kind in {
            "lease-granted",
            "session-alive",
            "handoff-submitted",
            "verdict-given",
            "prompt-delivered",
            "session-nudged",
        }:
            if opened.get(session) != record["job"]:
                yield f"{record['seq']} {kind} of {record['job']} in {session}, which is not its session"
            if session in ended:
                yield f"{record['seq']} {kind} in {session}, which is over"
        for what, seen in (("session-alive", alive), ("session-ended", ended)):
            if kind == what:
                if session in seen:
                    yield f"{record['seq']} {kind} of {session} for the second time"
                seen.add(session)


def a_session_is_ended_by_its_own_host(story: Story) -> Iterator[str]:
    """Another host may only say that it has not seen a session for too long: the agent may live, and its host ends it."""
    homes: dict[str, str] = {}
    for record in story.of("lease-granted", "session-ended"):
        host = record["actor"]["host"]
        if record["type"] == "lease-granted" and record["fresh"]:
            homes[record["session"]] = host
        elif record["type"] == "session-ended" and record["how"] != "unseen" and homes[record["session"]] != host:
            yield f"{record['seq']} {host} ends {record['session']}, which lives on {homes[record['session']]}"


def one_agent_a_worktree(story: Story) -> Iterator[str]:
    """An author comes alive only when whoever worked on the job before on this host is over: both have one worktree."""
    for alive in story.of("session-alive"):
        if alive["job"] in story.builds:
            begun = story.before(alive, "session-alive", job=alive["job"])
            before = {r["session"] for r in begun if r["actor"]["host"] == alive["actor"]["host"]}
            ended = {r["session"] for r in story.before(alive, "session-ended", job=alive["job"])}
            if before - ended:
                yield f"{alive['seq']} {alive['session']} joins {before - ended} at {alive['job']}"


def reviewers_are_fresh_and_never_the_author(story: Story) -> Iterator[str]:
    rounds: dict[str, tuple[str, int]] = {}
    for verdict in story.of("verdict-given"):
        at = (verdict["subject"], verdict["round"])
        if rounds.setdefault(verdict["session"], at) != at:
            yield f"{verdict['session']} judged {rounds[verdict['session']]} and {at}"
        if story.of("handoff-submitted", session=verdict["session"]):
            yield f"{verdict['session']} is an author and a reviewer"


def launches_and_deaths_are_bounded(story: Story) -> Iterator[str]:
    """After so many in one attempt a person is asked, and nothing is started before the answer."""
    failed: Counter[str] = Counter()
    died: Counter[str] = Counter()
    alive = {r["session"] for r in story.of("session-alive")}
    holder: dict[str, str] = {}
    for record in story.records:
        job = record.get("job")
        if record["type"] == "lease-granted":
            holder[job] = record["session"]
            if failed[job] >= LAUNCHES_MAX or died[job] > story.settings["restarts_max"]:
                yield f"{record['seq']} tries {job} again after {failed[job]} failed launches and {died[job]} deaths"
        elif record["type"] == "session-ended" and holder.get(job) == record["session"]:
            counted = died if record["session"] in alive else failed
            counted[job] += record["how"] not in {"stopped", "server-gone", "unseen"}
        elif record["type"] == "session-alive":
            failed[job] = 0
        elif record["type"] in {"question-answered", "findings-listed", "handoff-submitted", "verdict-given"}:
            _count_anew(story, record, failed, died)
        for ended in _leases_ended(story, record):
            holder.pop(ended, None)


def _count_anew(story: Story, record: Record, failed: Counter[str], died: Counter[str]) -> None:
    about = record.get("job")
    if record["type"] == "question-answered":
        about = next((q.get("job") for q in story.of("escalated", question=record["question"])), None)
    for job in (about, *story.reviews(about or "")) if record["type"] == "findings-listed" else (about,):
        failed[job] = died[job] = 0


# Texts


def no_text_is_delivered_twice(story: Story) -> Iterator[str]:
    told = Counter((r["session"], r["prompt"]) for r in story.of("prompt-delivered"))
    yield from (f"{prompt} went to {session} {times} times" for (session, prompt), times in told.items() if times > 1)
    briefs = Counter(r["session"] for r in story.of("prompt-delivered", kind="brief"))
    yield from (f"{session} got {times} briefs" for session, times in briefs.items() if times > 1)


def a_text_goes_to_a_living_agent(story: Story) -> Iterator[str]:
    """Only a brief may go with the start of an agent, before it is seen alive."""
    for told in story.of("prompt-delivered"):
        if told["kind"] != "brief" and not story.before(told, "session-alive", session=told["session"]):
            yield f"{told['seq']} tells {told['session']} before it is alive"


def one_nudge_a_lease(story: Story) -> Iterator[str]:
    nudged: set[str] = set()
    for record in story.records:
        if record["type"] == "session-nudged":
            if record["session"] in nudged:
                yield f"{record['seq']} nudges {record['session']} again"
            nudged.add(record["session"])
        elif record["type"] in {"lease-granted", "question-answered"}:
            nudged -= {record.get("session")} if record["type"] == "lease-granted" else nudged
