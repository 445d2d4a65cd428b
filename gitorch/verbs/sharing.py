"""Verbs for several hosts that share one ledger."""

from __future__ import annotations

from gitorch.verbs.verb import Kind, Parameter, Verb

LABELS = Parameter(
    "labels",
    "A label that this host has from now on, instead of those before; several are possible.",
    ("--label",),
    metavar="LABEL",
    many=True,
)
"""Jobs with `hosts: {needs: [LABEL]}` go to hosts that have all of these."""

VERBS = (
    Verb(
        "host",
        "Share the work of one ledger between several hosts.",
        details="The hosts are clones of one repository; the section `ledger` of `gitorch.yaml` names the remote that they share.",
        at="hosts:host",
        needs="read",
        members=("host list", "host join", "host add", "host remove", "host run"),
        changes=True,
        exits="2, 4, 5, 8, 10",
        examples=("gitorch host list", "gitorch host join --name attic", "gitorch host run --once"),
    ),
    Verb(
        "host list",
        "List the hosts, what they work on, and how long ago each was seen.",
        details="A host counts as seen when this one received a record of it. Clocks of two hosts are never compared.",
        at="hosts:list_",
        needs="read",
        result={"hosts": Kind.LIST},
        examples=("gitorch host list --json",),
    ),
    Verb(
        "host join",
        "Give this host a name and a key of its own, and print what the principal types on a known host to add it.",
        details="The key has no passphrase, since gitorch signs each push with it. It stays in this clone's git directory.",
        at="hosts:join",
        needs="approve",
        parameters=(
            Parameter("name", "The name; by default that of the machine.", ("--name",), metavar="NAME", default=""),
            Parameter("add", "Add it at once, as the first host of the ledger does.", ("--add",), kind=Kind.FLAG),
            LABELS,
            Parameter(
                "agents",
                "How many agents may be at work here at once.",
                ("--agents",),
                kind=Kind.NUMBER,
                least=1,
                most=1000,
            ),
        ),
        result={"host": Kind.TEXT, "key": Kind.TEXT},
        changes=True,
        examples=("gitorch host join --name attic",),
    ),
    Verb(
        "host add",
        "Let a host write records, or give it another key.",
        at="hosts:add",
        needs="approve",
        parameters=(
            Parameter("name", "The host.", required=True),
            Parameter("key", "Its public key, as `gitorch host join` prints it there.", required=True),
        ),
        result={"host": Kind.TEXT, "key": Kind.TEXT},
        changes=True,
        examples=("gitorch host add attic 'ssh-ed25519 AAAA...'",),
    ),
    Verb(
        "host remove",
        "Let a host write no more records: what it signs from now on is refused everywhere.",
        details=(
            "Type it on another host, which signs the record of it. The jobs of the removed host go to others once they were not "
            "renewed for the length of a lease."
        ),
        at="hosts:remove",
        needs="approve",
        parameters=(Parameter("name", "The host.", required=True),),
        result={"host": Kind.TEXT},
        changes=True,
        exits="3",
        examples=("gitorch host remove attic",),
    ),
    Verb(
        "host run",
        "Take one job, work on it until it is handed in, and end.",
        details=(
            "For engines that start programs: systemd, SSH, CI, Kubernetes. Exit 0 means: a job was done, or there was none to "
            "take. Read the lines. It exits with 10 where people are asked about the job."
        ),
        at="hosts:run",
        needs="operate",
        parameters=(Parameter("once", "One job; nothing else is possible yet.", ("--once",), kind=Kind.FLAG), LABELS),
        result={"host": Kind.TEXT, "jobs": Kind.LIST},
        changes=True,
        exits="8, 9, 10",
        examples=("gitorch host run --once", "gitorch host run --once --label gpu"),
    ),
)
