"""Twelve epics on fakes: agents and reviewers misbehave as their seed says, people answer some questions and leave others."""

from __future__ import annotations

import random
from contextlib import suppress

from play import workflow
from simulated import CALLER, World, alive
from twelve import NEEDS

from gitorch.app.executing.execute import Caller
from gitorch.app.people import decisions
from gitorch.app.work import submissions
from gitorch.app.work.submissions import AgentCredential
from gitorch.errors import Denied, Refused
from gitorch.model.ids import CommitId, Moment
from gitorch.model.observed import AgentState
from gitorch.model.plans.workflow import Autonomy, ReviewMode, Scope
from gitorch.model.record import Actor, ActorKind
from gitorch.model.submission import ReportText, VerdictText
from gitorch.model.values import replace
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.model.work.run import RunPhase

REST_ROUNDS = 3_000
PAUSES_MS = ((*[500] * 20, 61_000, 400_000), (61_000,), (61_000, 400_000))
"""Milliseconds between two rounds: while something changes, after one round without a change, and after more of them."""

REFUSED_MAX = 3
"""Reports that this human sends back; the one after is left, since branches may never fit together."""

SHARED = "shared.txt"
"""A file that every epic may change: whoever misbehaves by it makes branches conflict."""

AUTHORS = {
    "crash": 2,
    "fall_silent": 1,
    "show_a_dialog": 1,
    "leave_it_uncommitted": 1,
    "leave_the_scope": 1,
    "report_for_another": 1,
    "report_twice": 1,
    "commit_after_the_report": 1,
    "lie_about_tests": 2,
    "ask": 2,
    "be_blocked": 1,
    "have_concerns": 2,
    "leave_findings_unanswered": 1,
    "defer_findings": 1,
    "change_what_others_change": 1,
    "judge_own_work": 1,
    "approve_it_all": 1,
}
REVIEWERS = {
    "crash": 2,
    "fall_silent": 1,
    "show_a_dialog": 1,
    "judge_in_prose": 1,
    "use_an_old_nonce": 1,
    "judge_another_commit": 1,
    "contradict_itself": 1,
    "judge_twice": 1,
    "find_something": 4,
    "reject": 0.5,
    "report_instead": 1,
    "approve_it_all": 1,
}


class Twelve(World):
    """One run of the plan. `misdeeds` are what each author and reviewer still has in store, by job and attempt."""

    def __init__(self, seed, folder, needs=NEEDS):
        dice = random.Random(f"settings {seed}")
        self.seed = seed
        self.wickedness = dice.choice((0.2, 0.5, 0.8))
        self.left_share = dice.choice((0.0, 0.0, 0.1, 0.3))
        self.misdeeds = {}
        self.done = []
        self.hanging = {}
        self.refused = 0
        self.seen, self.idle_rounds = None, 0
        self.rounds_max = dice.randrange(2, 4)
        settings = {
            "test_command": dice.choice(("make check", "make check", "")),
            "max_agents": dice.randrange(1, 7),
            "rounds_max": self.rounds_max,
            "restarts_max": dice.randrange(1, 3),
            "autonomy": dice.choice((Autonomy.END_ONLY, Autonomy.END_ONLY, Autonomy.PER_EPIC)),
            "review_mode": dice.choice((ReviewMode.SEQUENTIAL, ReviewMode.PARALLEL)),
        }
        super().__init__(f"world {seed}", folder, needs, **settings)
        self.checks.outcome = self.tested
        self.truth = self.ports["ledger"]

    def flow(self, needs):
        flow = workflow(needs, self.rounds_max)
        scoped = {n: replace(j, scope=Scope((f"{n}.txt", SHARED))) if n in needs else j for n, j in flow.jobs.items()}
        return replace(flow, jobs=scoped)

    def tested(self, commit, _command):
        broken = any("broken" in text for text in self.git.files(commit).values())
        return ("failed", 1, "it is broken\n") if broken else ("passed", 0, "ok\n")

    # Agents

    def act(self, key):
        session = self.run.sessions[key.session]
        job = self.run.jobs[session.job]
        if job.lease is None or job.lease.session != session.id:
            return
        self.key, self.job = key, job
        self.credential = AgentCredential(self.run.id, self.ports["secrets"].token(key))
        misdeed = self.next_misdeed(job)
        if misdeed:
            self.done.append(misdeed)
        with suppress(Refused, Denied):
            getattr(self, misdeed)() if misdeed else self.behave()

    def next_misdeed(self, job):
        """What this agent does next instead of its work; None from then on."""
        table = AUTHORS if job.writes else REVIEWERS
        name = (job.spec.id, job.attempt)
        if name not in self.misdeeds:
            wicked = self.chance.random() < self.wickedness
            picked = self.chance.choices(list(table), list(table.values()), k=self.chance.randrange(1, 3))
            self.misdeeds[name] = picked if wicked else []
        return self.misdeeds[name].pop(0) if self.misdeeds[name] else None

    def behave(self):
        self.report() if self.job.writes else self.judge_well()

    @property
    def worktree(self):
        return self.services().paths.worktree(self.run, self.key.session)

    def write(self, files):
        """Commit what is not committed yet, and give the branch's head."""
        checkout = self.git.checkouts[self.worktree]
        if any(checkout.files.get(path) != text for path, text in files.items()):
            self.git.commit_in(self.worktree, files)
        return self.git.checkouts[self.worktree].commit

    def content(self, more=""):
        """What its own file says in this round; whoever wrote into a file of all gives in when it is asked again."""
        own = {f"{self.job.spec.id}.txt": f"{self.job.spec.id} {self.job.attempt}{more}\n"}
        given_in = self.job.attempt > 1 and SHARED in self.git.checkouts[self.worktree].files
        return own | {SHARED: "settled\n"} if given_in else own

    def asked(self):
        return [x for x in self.job.findings if x.open and x.round == self.job.attempt - 1]

    def replies(self, head, disposition=Disposition.FIXED):
        return tuple(Reply(x.number, disposition, head) for x in self.asked())

    def report(self, status=ReportStatus.DONE, **words):
        head = self.write(self.content())
        said = {"replies": self.replies(head), **words}
        submissions.submit_handoff(self.services(), self.credential, ReportText(status, "done", **said))

    def crash(self):
        self.terminals.exits(self.key, self.chance.choice((0, 1, 137)))

    def fall_silent(self):
        """At work for ever, until somebody starts it anew."""
        self.stay_as(AgentState.WORKING)

    def show_a_dialog(self):
        self.stay_as(AgentState.DIALOG)

    def stay_as(self, state):
        self.terminals.become(self.key, state, "(screen)")
        self.hanging[self.key] = state

    def leave_it_uncommitted(self):
        self.write(self.content())
        self.git.checkouts[self.worktree].files["left.txt"] = "unfinished\n"
        with suppress(Refused):
            self.report()
        self.git.checkouts[self.worktree].files.pop("left.txt", None)

    def leave_the_scope(self):
        kept = self.git.checkouts[self.worktree].commit
        self.write({"elsewhere.txt": "mine\n"})
        with suppress(Refused):
            self.report()
        checkout = self.git.checkouts[self.worktree]
        self.git.tips[checkout.branch] = kept
        checkout.commit, checkout.files = kept, dict(self.git.files(kept))

    def report_for_another(self):
        other = self.chance.choice([name for name in self.run.jobs if name != self.job.spec.id])
        self.report(job=other)

    def report_twice(self):
        self.report()
        self.report()

    def commit_after_the_report(self):
        self.report()
        self.git.commit_in(self.worktree, self.content(" and more"))

    def lie_about_tests(self):
        head = self.write(self.content(" broken"))
        words = ReportText(ReportStatus.DONE, "done", tests_claimed="all pass", replies=self.replies(head))
        submissions.submit_handoff(self.services(), self.credential, words)

    def ask(self):
        self.report(ReportStatus.NEEDS_CONTEXT, questions=("Which?", "And why?")[: self.chance.randrange(1, 3)])

    def be_blocked(self):
        self.report(ReportStatus.BLOCKED, blocker="no key", clears="a key")

    def have_concerns(self):
        self.report(
            ReportStatus.DONE_WITH_CONCERNS, concerns=("It is slow", "It is ugly")[: self.chance.randrange(1, 3)]
        )

    def leave_findings_unanswered(self):
        self.report(replies=())

    def defer_findings(self):
        head = self.write(self.content())
        self.report(replies=self.replies(head, Disposition.DEFERRED))

    def change_what_others_change(self):
        self.write({SHARED: f"{self.job.spec.id} was here\n"})
        self.report()

    def judge_own_work(self):
        head = self.write(self.content())
        words = VerdictText(Choice.ACCEPT, head, self.job.lease.nonce, "fine")
        submissions.give_verdict(self.services(), self.credential, words)

    def approve_it_all(self):
        actor = Actor(ActorKind.AGENT, self.job.spec.id, "desk", self.key.session)
        for question in self.run.open_questions():
            option = question.options[0] if question.options else "yes"
            with suppress(Refused, Denied):
                decisions.answer(self.services(), Caller(actor), question.id, [option, "because"], self.run.id)
        if self.run.report is not None:
            decisions.approve(self.services(), Caller(actor), self.run, self.run.report.digest, "typed")

    def judge_well(self, choice=Choice.ACCEPT, *, commit=None, nonce=None, findings=()):
        subject = self.run.jobs[self.job.spec.subject]
        said = commit or subject.handoff.commit
        words = VerdictText(choice, said, nonce or self.job.lease.nonce, "seen", findings=findings)
        submissions.give_verdict(self.services(), self.credential, words)

    def finding(self, severity="important"):
        path = f"{self.job.spec.subject}.txt"
        return Finding(Severity(severity), self.chance.choice(("More", "Less")), path, self.chance.choice((1, 99)))

    def judge_in_prose(self):
        """It says that all is well, to nobody."""
        self.stay_as(AgentState.WAITING)

    def use_an_old_nonce(self):
        self.judge_well(nonce="nonce-0")

    def judge_another_commit(self):
        self.judge_well(commit=CommitId("0" * 40))

    def contradict_itself(self):
        self.judge_well(Choice.ACCEPT_WITH_FINDINGS, findings=(self.finding("blocking"),))

    def judge_twice(self):
        self.judge_well()
        self.judge_well()

    def find_something(self):
        found = tuple(self.finding(self.chance.choice(("blocking", "important", "minor"))) for _ in range(2))
        self.judge_well(Choice.NEEDS_REVISION, findings=found)

    def reject(self):
        self.judge_well(Choice.REJECT)

    def report_instead(self):
        submissions.submit_handoff(self.services(), self.credential, ReportText(ReportStatus.DONE, "done"))

    def an_agent_goes_on(self):
        """As before, but one that hangs stays as it is."""
        super().an_agent_goes_on()
        for key, state in self.hanging.items():
            if alive(self.terminals.sessions[key]):
                self.terminals.sessions[key].state = state

    # People

    def leaves(self, question):
        """Whether this human never comes round to answer this question; the same each time it is looked at."""
        about = question.trigger.split(":")[0] or str(question.kind)
        if about == "merge" and self.refused >= REFUSED_MAX:
            return True
        return random.Random(f"{self.seed} {about} {question.job}").random() < self.left_share

    def the_human_decides(self):
        due = [q for q in self.run.open_questions() if not self.leaves(q)]
        if due:
            question = self.chance.choice(due)
            with suppress(Refused):
                self.decide(question)

    def decide(self, question):
        if question.kind is QuestionKind.APPROVAL and (self.refused or self.chance.random() < 0.85):
            decisions.approve(self.services(), CALLER, self.run, self.run.report.digest, "typed")
        elif question.kind is QuestionKind.APPROVAL or question.trigger.startswith("merge:"):
            self.refused += 1
            rework = [self.chance.choice(self.run.report.branches).job]
            decisions.reject(self.services(), CALLER, self.run, rework, "not yet")
        else:
            options = [
                o for o in question.options if o != "stop_run" and (o != "stop_epic" or self.chance.random() < 0.1)
            ]
            said = [self.chance.choice(options)] if options else ["this one"]
            if question.trigger.startswith("dialog:"):
                self.answer_the_dialog(question)
            decisions.answer(self.services(), CALLER, question.id, [*said, "because"], self.run.id)

    def answer_the_dialog(self, question):
        """People press the key themselves, and then say so."""
        for key, session in self.terminals.sessions.items():
            if key.session == question.session and alive(session):
                self.hanging.pop(key, None)
                self.terminals.become(key, AgentState.WORKING)

    # The end

    def settle(self):
        """Nothing new goes wrong; agents finish what they have in store. Until only questions that are left are open."""
        self.terminals.silent, self.terminals.begin_as = False, AgentState.IDLE
        if self.run.phase is RunPhase.PAUSED:
            self.the_human_holds()
        for _ in range(REST_ROUNDS):
            if self.tick() and (self.run.cleaned or self.only_left_questions()):
                return
            self.clock.moment = Moment(self.clock.moment + self.until_the_next_round())
            for _ in range(sum(map(alive, self.terminals.sessions.values()))):
                self.an_agent_goes_on()
            self.a_check_ends()
            self.the_human_decides()
        raise AssertionError({j.spec.id: str(j.phase) for j in self.run.jobs.values()})

    def until_the_next_round(self):
        """Milliseconds until gitorch looks again: the longer nothing changes, since then only time is missing."""
        before, self.seen = self.seen, self.look()
        self.idle_rounds = self.idle_rounds + 1 if self.seen == before else 0
        return self.chance.choice(PAUSES_MS[min(self.idle_rounds, 2)])

    def look(self):
        """What changes when anybody does something."""
        return len(self.truth.written), [session.state for session in self.terminals.sessions.values()]

    def only_left_questions(self):
        return self.ticked.waiting and all(self.leaves(q) for q in self.run.open_questions())
