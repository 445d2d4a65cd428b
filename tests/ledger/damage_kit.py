"""Ledgers to lose and damage: every way to read one, and the command of an error run as a person would."""

from __future__ import annotations

import subprocess

from ledger_kit import AGENT, AT, ENV, RUN, renewed

READS = {
    "state": lambda ledger: ledger.state(RUN),
    "board": lambda ledger: ledger.state(None),
    "records": lambda ledger: list(ledger.records()),
    "records of a run": lambda ledger: list(ledger.records(RUN)),
    "append": lambda ledger: ledger.append(RUN, AGENT, AT, lambda _: [renewed(9)]),
    "verified": lambda ledger: ledger.verified(RUN),
}


def run_hint(repo, error):
    subprocess.run(error.hint, shell=True, cwd=repo, env=ENV, check=True, capture_output=True)


def truncate_object(repo, identity):
    path = repo / ".git/objects" / identity[:2] / identity[2:]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[: len(data) // 2])
