"""Hosts with keys of their own on one remote."""

from __future__ import annotations

import subprocess

from ledger_kit import AT, ENV
from shared_kit import clone, open_shared

from gitorch.model.events import HostAdded, TargetConfirmed
from gitorch.model.record import Actor, ActorKind
from gitorch.ports.commits import Draft
from gitorch.rules.evolve import evolve


def person(host):
    return Actor(ActorKind.PRINCIPAL, "ann", host)


def key_of(folder, name):
    path = folder / f"{name}.key"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path), check=True, env=ENV)
    return path, " ".join(path.with_suffix(".key.pub").read_text().split()[:2])


def add(ledger, by, host, key):
    ledger.append(None, person(by), AT, lambda _: [Draft(HostAdded(host, key), {})])


def write(ledger, host, name="main"):
    return ledger.append(None, person(host), AT, lambda _: [Draft(TargetConfirmed(name), {})])


def host(remote, name, key=""):
    return open_shared(clone(remote, name), evolve, key=remote.parent / f"{key}.key" if key else "")


def first_host(remote):
    """`desk`, which added itself and knows `attic`, after a record from before any host was known."""
    path, public = key_of(remote.parent, "desk")
    ledger = open_shared(clone(remote, "desk"), evolve, key=path)
    ledger.create(person("desk"), AT, "L-1")
    write(ledger, "desk", "before any host was known")
    add(ledger, "desk", "desk", public)
    add(ledger, "desk", "attic", key_of(remote.parent, "attic")[1])
    return ledger
