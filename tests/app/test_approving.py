"""Keys, signatures and decisions of people, on fakes: who may sign, what a signature covers, what is recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from fakes.world import FakeFiles, FakeGit, FakeRepository, FakeSignatures

from gitorch.app.executing.execute import Caller, execute, execute_verb, record_refusal
from gitorch.app.people import decisions, keys, signing
from gitorch.errors import Busy, Corrupt, Denied, Refused, Unavailable
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.plans.approval import Grade, Guard, SigningKey
from gitorch.model.plans.config import Config
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import ReportStatus
from gitorch.rules.views.approval import NAMESPACE, approval_text

ADA = SigningKey("id_ada", "ssh-ed25519 AAAA", Guard.PASSPHRASE)
BOB = SigningKey("id_bob", "ssh-ed25519 BBBB", Guard.TOUCH)
SIGNERS = f"# us\nada {ADA.public}\ncarol ssh-ed25519 CCCC\n"
OPERATOR = Caller(Actor(ActorKind.OPERATOR, "olga", "desk"))
AGENT = Actor(ActorKind.AGENT, "api", "desk", "s1")


class Ring(FakeSignatures):
    """A key signs in the name of its public text, as ssh-keygen does; it is read by its path."""

    def sign(self, text, key, namespace):
        public = {one.path: one.public for one in self.keys}[key]
        return f"{namespace} {public}: {text}"

    def read_key(self, named):
        return next((one for one in (ADA, BOB) if one.path == named), SigningKey(named, "", Guard.NONE))


# The file of allowed signers


@pytest.fixture
def services(tmp_path):
    git = FakeGit()
    return FakeRepository(tmp_path, git=git, signatures=Ring(BOB, ADA), files=FakeFiles())


def write(services, text, name=keys.APPROVERS):
    services.files.write(services.root / name, text.encode())


@pytest.mark.parametrize(
    ("configured", "own", "of_git", "name"),
    [
        ("", False, "", keys.APPROVERS),
        ("", False, "of/git", "of/git"),
        ("", True, "of/git", keys.APPROVERS),
        ("our keys", True, "of/git", "our keys"),
    ],
)
def test_the_configured_file_of_signers_wins_then_that_of_the_root_then_gits(services, configured, own, of_git, name):
    services.config = Config(approval_signers=configured)
    services.git.settings["gpg.ssh.allowedSignersFile"] = of_git
    if own:
        write(services, "")
    assert keys.approvers_file(services) == services.root / name


def test_approvers_are_read_with_ones_own_keys_marked(services):
    write(services, f'  # us\n\nada {ADA.public} ada@x\nbob namespaces="git" {BOB.public}\ncarol ssh-rsa CCCC\n')
    assert keys.approvers(services) == (
        keys.Approver("ada", ADA.public, f"ada {ADA.public} ada@x", ADA),
        keys.Approver("bob", BOB.public, f'bob namespaces="git" {BOB.public}', BOB),
        keys.Approver("carol", "ssh-rsa CCCC", "carol ssh-rsa CCCC"),
    )
    assert keys.allowed_signers(services) == (
        f'ada {ADA.public} ada@x\nbob namespaces="git" {BOB.public}\ncarol ssh-rsa CCCC\n'
    )


def test_a_line_without_a_key_is_named_with_its_fix(services):
    write(services, f"ada {ADA.public}\nbob {'x' * 99}\n")
    with pytest.raises(Exception, match="has a line without a key") as raised:
        keys.approvers(services)
    (problem,) = raised.value.problems
    path = str(services.root / keys.APPROVERS)
    assert problem == (path, 1, 1, f"`{('bob ' + 'x' * 99)[:60]}` holds no SSH key", "write `NAME ssh-ed25519 AAAA…`")


def test_a_key_is_added_at_the_end_and_the_rest_stays(services):
    write(services, SIGNERS)
    added = keys.add(services, "id_bob", "bob")
    line = f'bob namespaces="gitorch-approval" {BOB.public}'
    assert added == keys.Approver("bob", BOB.public, line, BOB)
    assert services.files.held[services.root / keys.APPROVERS].decode() == f"{SIGNERS}{line}\n"


def test_all_keys_of_an_approver_are_removed_and_comments_stay(services):
    write(services, f"{SIGNERS}ada {BOB.public}\n")
    removed = keys.remove(services, "ada")
    assert [one.public for one in removed] == [ADA.public, BOB.public]
    assert services.files.held[services.root / keys.APPROVERS].decode() == "# us\ncarol ssh-ed25519 CCCC\n"


def test_the_first_own_key_that_the_run_allows_signs(services):
    assert keys.own_keys(services) == (BOB, ADA)
    assert keys.key_to_sign_with(services, SIGNERS) is ADA
    assert keys.key_to_sign_with(services, f"{SIGNERS}bob {BOB.public}\n") is BOB
    with pytest.raises(Denied):
        keys.key_to_sign_with(services, "carol ssh-ed25519 CCCC\n")


# Signed approvals


@pytest.fixture
def signed(tmp_path):
    """A run that waits for an approval signed by ada."""
    desk = Desk(tmp_path / "s", signatures=Ring(BOB, ADA))
    return desk.reported("api", approval_at_least=Grade.SIGNED, approval_signers=SIGNERS)


def text_of(desk, report, ledger="L"):
    commits = [branch.commit for branch in report.branches]
    return approval_text(ledger, RUN, report.digest, report.target, report.target_commit, commits)


def approve(desk, proof="typed"):
    return decisions.approve(desk.services, CALLER, desk.run, desk.run.report.digest, proof)


def verified(desk):
    return desk.ledger.verified(RUN)


def approval_record(desk):
    found = [w.record for w in desk.ledger.records(RUN) if isinstance(w.record.event, events.MergeApproved)]
    return found[-1]


def test_a_signature_covers_the_ledger_the_run_the_report_the_target_and_every_branch(signed):
    report = signed.run.report
    made = signing.sign(signed.services, signed.run, report)
    text = text_of(signed, report)
    assert made == signing.Signing(
        "ada", {"approval.txt": text.encode(), "approval.sig": f"{NAMESPACE} {ADA.public}: {text}".encode()}
    )


def test_a_signed_approval_is_recorded_with_its_files_and_counts(signed):
    text = text_of(signed, signed.run.report)
    after = approve(signed)
    record = approval_record(signed)
    assert (after, record.event.proof) == (signed.run, "signed:ada")
    files = {ref.name: signed.ledger.file(RUN, ref.sha256).decode() for ref in record.files}
    assert files == {"approval.txt": text, "approval.sig": f"{NAMESPACE} {ADA.public}: {text}"}
    assert signing.unsigned_approval(signed.services, verified(signed)) is None
    assert list(signing.unsigned(signed.services, verified(signed))) == []


def forge(desk, files=None, proof="typed", signer="ada"):
    command = c.ApproveMerge(desk.run.report.digest, proof, signer=signer)
    execute(desk.services, RUN, CALLER.actor, command, {events.MergeApproved: files or {}})
    return desk


@pytest.mark.parametrize("forgery", ["nothing", "garbage", "another ledger's", "bob's"])
def test_an_approval_whose_signature_does_not_hold_is_a_fault(signed, forgery):
    report = signed.run.report
    signatures = {
        "nothing": {},
        "garbage": {"approval.sig": b"\xff\xfe"},
        "another ledger's": {"approval.sig": f"{NAMESPACE} {ADA.public}: {text_of(signed, report, 'M')}".encode()},
        "bob's": {"approval.sig": f"{NAMESPACE} {BOB.public}: {text_of(signed, report)}".encode()},
    }
    forge(signed, signatures[forgery])
    seq = approval_record(signed).seq
    (fault,) = signing.unsigned(signed.services, verified(signed))
    assert isinstance(fault, Corrupt)
    assert fault.message == f"The approval in record {seq} is not signed by a key that run {RUN} began with."
    assert (fault.hint, fault.where) == (f"gitorch show {seq}", f"record {seq}")
    standing = signing.unsigned_approval(signed.services, verified(signed))
    assert (standing.message, standing.hint, standing.where) == (fault.message, fault.hint, fault.where)
    with pytest.raises(Corrupt, match="is not signed") as error:
        signing.require_signature(signed.services, verified(signed))
    assert error.value.hint == f"gitorch recover {RUN}"


def test_a_run_without_an_approval_has_no_fault_of_one(signed):
    assert signing.unsigned_approval(signed.services, verified(signed)) is None
    assert list(signing.unsigned(signed.services, verified(signed))) == []


def test_a_run_that_needs_none_is_signed_by_anything_that_does_not_claim_to_be(tmp_path):
    desk = Desk(tmp_path / "s", signatures=Ring(ADA)).reported("api", approval_signers=SIGNERS)
    assert signing.unsigned_approval(desk.services, verified(desk)) is None
    approve(desk)
    assert approval_record(desk).event.proof == "typed"
    assert approval_record(desk).files == ()
    assert signing.unsigned_approval(desk.services, verified(desk)) is None
    assert list(signing.unsigned(desk.services, verified(desk))) == []


def test_an_approval_that_claims_to_be_signed_needs_its_signature_everywhere(tmp_path):
    desk = Desk(tmp_path / "s", signatures=Ring(ADA)).reported("api", approval_signers=SIGNERS)
    forge(desk)
    assert approval_record(desk).event.proof == "signed:ada"
    assert signing.unsigned_approval(desk.services, verified(desk)) is not None
    assert len(list(signing.unsigned(desk.services, verified(desk)))) == 1


def test_another_report_than_the_valid_one_is_refused_before_anybody_signs(signed):
    signed.services.signatures.sign = lambda *_: pytest.fail("nothing may be signed")
    with pytest.raises(Refused):
        decisions.approve(signed.services, CALLER, signed.run, "sha256:" + "0" * 64, "typed")
    with pytest.raises(Denied):
        decisions.approve(signed.services, OPERATOR, signed.run, signed.run.report.digest, "typed")
    (event,) = [w.record.event for w in signed.ledger.records() if isinstance(w.record.event, events.ActionRefused)]
    assert (event.verb, event.code) == ("approve", "denied")


def test_approvals_are_decided_on_the_run_as_gits_objects_tell_it(signed):
    stale = replace(signed.run, report=None)
    after = decisions.approve(signed.services, CALLER, stale, signed.run.report.digest, "typed")
    assert after.approval is not None
    assert decisions.verified_run(signed.services, stale) == after


# Other decisions


def test_an_answer_is_an_option_with_text_or_free_text(tmp_path):
    desk = Desk(tmp_path / "s").begin()
    desk.tick(3)
    desk.submit("api", status=ReportStatus.NEEDS_CONTEXT, questions=("Which name?",))
    run, question, text = decisions.answer(desk.services, CALLER, "q1", ["Call", "it", "x"], None)
    assert (run, question.id, question.answer, text) == (desk.run, "q1", None, "Call it x")
    assert (desk.run.questions["q1"].answer.option, desk.run.questions["q1"].answer.text) == ("", "Call it x")
    desk.do(c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("retry", "stop_run")))
    run, question, text = decisions.answer(desk.services, CALLER, "q2", ["stop-r", "for", "now"], RUN)
    answer = desk.run.questions["q2"].answer
    assert (run, question.id, text) == (desk.run, "q2", "stop_run")
    assert (answer.option, answer.text) == ("stop_run", "for now")


def test_an_agent_may_not_answer_and_no_question_is_looked_up(tmp_path):
    desk = Desk(tmp_path / "s").begin()
    agent = Caller(AGENT, RUN, "its token")
    with pytest.raises(Denied):
        decisions.answer(desk.services, agent, "q99", ["x"], None)
    (event,) = desk.events(events.ActionRefused)
    assert (event.verb, event.code) == ("answer", "denied")


def test_a_report_is_rejected_whole_or_for_some_epics(tmp_path):
    desk = Desk(tmp_path / "s").reported("api", "ui")
    run = decisions.reject(desk.services, CALLER, desk.run, ("ui",), "Again.")
    assert run == desk.run
    (event,) = desk.events(events.MergeRejected)
    assert "Again." in repr(event)
    assert run.jobs["ui"].cleared is None
    assert run.jobs["api"].cleared is not None


@pytest.mark.parametrize(("given", "recorded"), [("", "canceled by the principal"), ("no need", "no need")])
def test_a_run_is_paused_resumed_and_canceled_with_the_reason(tmp_path, given, recorded):
    desk = Desk(tmp_path / "s").begin()
    desk.tick()
    held = lambda verb, reason="": str(decisions.hold(desk.services, CALLER, desk.run, verb, reason).phase)  # noqa: E731 said once
    assert held("pause", "lunch") == "paused"
    assert held("resume") != "paused"
    held("cancel", given)
    assert desk.events(events.RunPaused)[0].reason == "lunch"
    assert desk.events(events.RunCanceled)[0].reason == recorded


def test_what_to_clean_up_is_asked_once_the_run_is_over(tmp_path):
    desk = Desk(tmp_path / "s").reported("api")
    with pytest.raises(Refused) as raised:
        decisions.cleanup_question(desk.run)
    assert raised.value.hint == "gitorch cancel"
    desk.approve().settle()
    question = decisions.cleanup_question(desk.run)
    assert question.kind is QuestionKind.CLEANUP
    desk.answer("no")
    assert decisions.cleanup_question(desk.run) is None


def test_a_prepared_run_is_canceled_by_its_name(tmp_path):
    desk = Desk(tmp_path / "s").begin()
    prepared = replace(desk.run, phase=type(desk.run.phase)("prepared"))
    with pytest.raises(Refused) as raised:
        decisions.cleanup_question(prepared)
    assert raised.value.message == f"run {RUN} is prepared; it is cleaned up when it is over"
    assert raised.value.hint == f"gitorch cancel {RUN}"


# Refusals in the ledger


def test_a_refusal_is_recorded_for_an_agent_and_a_denial_for_everybody(tmp_path):
    desk = Desk(tmp_path / "s").begin()
    resume = (c.ExpireLeases(), c.RetryJob("api"))
    with pytest.raises((Refused, Denied)):
        execute_verb(desk.services, RUN, CALLER.actor, resume, "retry")
    assert desk.events(events.ActionRefused) == []
    with pytest.raises(Denied):
        execute_verb(desk.services, RUN, AGENT, resume, "retry")
    (event,) = desk.events(events.ActionRefused)
    assert (event.verb, event.code, event.job) == ("retry", "denied", "api")


@pytest.mark.parametrize("error", [Unavailable("full"), Busy("crowded"), OSError("gone")])
def test_a_refusal_that_cannot_be_recorded_is_let_go(tmp_path, error):
    desk = Desk(tmp_path / "s").begin()

    def append(*_):
        raise error

    desk.ledger.append = append
    record_refusal(desk.services, RUN, AGENT, "retry", Refused("no"), "api")
    assert desk.events(events.ActionRefused) == []


def test_without_a_ledger_no_refusal_is_recorded(tmp_path):
    services = FakeRepository(tmp_path)
    record_refusal(services, None, AGENT, "retry", Refused("no"))
    assert not services.ledger.exists()
