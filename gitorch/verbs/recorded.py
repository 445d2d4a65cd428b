"""Verbs that read, check, move and share the ledger."""

from __future__ import annotations

from gitorch.verbs.shared import RUN
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

VERBS = (
    Verb(
        "log",
        "List the records of the ledger, one sentence each.",
        details="Those of one run, or all. `git log gitorch/ledger` shows the same without gitorch.",
        at="records:log",
        needs="read",
        parameters=(
            RUN,
            Parameter(
                "after",
                "Only records with a higher number, oldest first.",
                ("--after",),
                metavar="SEQ",
                kind=Kind.NUMBER,
            ),
            Parameter(
                "lines",
                "How many; 0 for all. Without --after: the last 50.",
                ("-n",),
                metavar="N",
                kind=Kind.NUMBER,
                least=0,
            ),
        ),
        result={"records": Kind.LIST},
        offered=Offer.OPERATORS,
        examples=("gitorch log auth-7f3a -n 20", "gitorch log --after 412 --json"),
    ),
    Verb(
        "show",
        "Show one record, job, question, message, session or run in full.",
        details=(
            "A number is that of a record; seven or more hexadecimal digits are its commit; anything else is an "
            "id. The record of a test run comes with its output. A message that is for you counts as read from "
            "then on."
        ),
        at="records:show",
        needs="read",
        parameters=(
            Parameter(
                "thing",
                "The number or commit of a record, or any id.",
                metavar="SEQ|COMMIT|ID",
                completes="id",
                required=True,
            ),
            Parameter("run", "The run that the id belongs to.", ("--run",), metavar="RUN", completes="run"),
        ),
        result={
            "record": Kind.OBJECT,
            "run": Kind.ANY,
            "job": Kind.OBJECT,
            "session": Kind.OBJECT,
            "decision": Kind.OBJECT,
            "late_handoff": Kind.OBJECT,
            "prompt": Kind.OBJECT,
            "artifact": Kind.OBJECT,
            "messages": Kind.LIST,
            "question": Kind.OBJECT,
            "log": Kind.TEXT,
        },
        offered=Offer.EVERYBODY,
        examples=("gitorch show 42", "gitorch show 3f2a91c", "gitorch show q3"),
    ),
    Verb(
        "verify",
        "Read the whole ledger and prove that no record was changed.",
        details=(
            "Checks the chain of digests, the order of records, whether the rules allow each of them, the "
            "attached files, the signatures of approvals, and that no record is missing that this clone has read, "
            "a remote has, or a tag names.\n\n"
            "`git tag -s audit-2026-11 gitorch/ledger` marks today's end of the ledger."
        ),
        at="records:verify",
        needs="read",
        parameters=(
            Parameter("remote", "Also compare with the ledger on this remote.", ("--remote",), metavar="NAME"),
            Parameter("tag", "Also require every record up to this tag.", ("--tag",), metavar="NAME"),
            Parameter(
                "recipe",
                "Print how to check this run's merge with git and ssh-keygen alone.",
                ("--recipe",),
                metavar="RUN",
                completes="run",
            ),
            Parameter(
                "proposal",
                "Also require that this commit, the head of a pull request, shows a run's report and nothing else.",
                ("--proposal",),
                metavar="COMMIT",
            ),
        ),
        result={
            "records": Kind.NUMBER,
            "tip": Kind.TEXT,
            "head": Kind.TEXT,
            "warnings": Kind.LIST,
            "approvals": Kind.ANY,
            "recipe": Kind.TEXT,
        },
        offered=Offer.OPERATORS,
        exits="7",
        examples=(
            "gitorch verify",
            "gitorch verify --remote origin",
            "gitorch verify --tag audit-2026-11",
            "gitorch verify --recipe auth-7f3a",
        ),
    ),
    Verb(
        "sync",
        "Push the ledger to a remote, or fetch the remote's newer records.",
        details=(
            "Only the ledger's branch moves, and only forwards; every fetched record is checked first. When both "
            "clones wrote since the last sync, the command is refused: ledgers are never merged. A pull request that was "
            "merged on the forge is checked, and approves its report. Commands that you typed while the remote of several "
            "hosts was away are shown to you first, and are carried out if you agree."
        ),
        at="export:sync",
        needs="operate",
        parameters=(
            Parameter("remote", "The git remote; by default the configured one.", default=""),
            Parameter(
                "yes",
                "Carry out what you typed while the remote was away, without asking.",
                ("--yes",),
                kind=Kind.FLAG,
                typed_only=True,
            ),
        ),
        result={"sync": Kind.OBJECT, "approved": Kind.LIST},
        changes=True,
        offered=Offer.OPERATORS,
        exits="4, 5",
        examples=("gitorch sync", "gitorch sync origin"),
    ),
    Verb(
        "export",
        "Export the ledger, or one run, to a folder for others.",
        details=(
            "It contains JSON lines and a manifest with digests. Secrets, home folders and e-mail addresses are "
            "redacted; the chain of digests can still be checked inside the folder. The same records always make "
            "the same bytes."
        ),
        at="export:export",
        needs="read",
        parameters=(
            Parameter("folder", "The folder to write, or with --verify to check.", metavar="FOLDER", required=True),
            Parameter(
                "run",
                "Only this run; other records become links of the chain.",
                ("--run",),
                metavar="RUN",
                completes="run",
            ),
            Parameter("first", "The first record.", ("--from",), metavar="SEQ", kind=Kind.NUMBER, least=0, default=0),
            Parameter("last", "The last record.", ("--to",), metavar="SEQ", kind=Kind.NUMBER, least=0),
            Parameter(
                "files",
                "Include all attached files: plans, briefs, artifacts, test logs.",
                ("--files",),
                kind=Kind.FLAG,
                completes="file",
            ),
            Parameter(
                "keep",
                "Do not redact these; by default all three are.",
                ("--keep",),
                metavar="[secrets|paths|emails]",
                many=True,
            ),
            Parameter("verify", "Check an existing export by itself.", ("--verify",), kind=Kind.FLAG),
        ),
        result={"folder": Kind.TEXT, "manifest": Kind.OBJECT, "checked": Kind.OBJECT},
        changes=True,
        exits="4, 7",
        examples=(
            "gitorch export ../evidence",
            "gitorch export ../auth --run auth-7f3a --files",
            "gitorch export --verify ../auth",
        ),
    ),
    Verb(
        "keys",
        "Manage the keys that may sign approvals: list, add, remove.",
        at="keys:keys",
        needs="read",
        members=("keys list", "keys add", "keys remove"),
        changes=True,
        exits="2, 3, 4, 5",
        examples=("gitorch keys list", "gitorch keys add --new", "gitorch keys remove ada"),
    ),
    Verb(
        "keys list",
        "List the people who may approve, and how your own keys are guarded.",
        details=(
            "The file is `gitorch-approvers` at the repository's root, unless `approval.allowed_signers` or git "
            "names another. A run accepts the keys that the file had when the run was prepared."
        ),
        at="keys:list_",
        needs="read",
        result={"file": Kind.TEXT, "approvers": Kind.LIST},
        examples=("gitorch keys list --json",),
    ),
    Verb(
        "keys add",
        "Let a key sign the approvals of runs that are prepared from now on.",
        details="A key without a passphrase is accepted with a warning: every program of yours can sign with it.",
        at="keys:add",
        needs="approve",
        parameters=(
            Parameter("key", "The file of the public key."),
            Parameter("new", "Create a key with a passphrase; ssh-keygen asks for it.", ("--new",), kind=Kind.FLAG),
            Parameter(
                "name",
                "The signer; by default your name in git, without blanks.",
                ("--name",),
                metavar="NAME",
                default="",
            ),
        ),
        result={"added": Kind.ANY, "file": Kind.TEXT},
        changes=True,
        examples=("gitorch keys add ~/.ssh/id_ed25519.pub", "gitorch keys add --new"),
    ),
    Verb(
        "keys remove",
        "Remove the keys of an approver from the file. Runs that are already prepared keep their keys.",
        at="keys:remove",
        needs="approve",
        parameters=(Parameter("name", "The signer.", required=True),),
        result={"removed": Kind.LIST},
        changes=True,
        examples=("gitorch keys remove ada",),
    ),
)
