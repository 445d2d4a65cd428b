"""A process of its own that appends until it is done or killed: `append_child.py REPO RUN NUMBER ACKNOWLEDGED`.

Each append that came back is noted in the file ACKNOWLEDGED, one line each, before the next begins.
"""

import sys
from pathlib import Path

from ledger_kit import AGENT, AT, open_ledger, renewed

from gitorch.model.ids import Moment, RunId


def append_until_killed(repo: Path, run: str, acknowledged: Path, number: int = 1_000_000) -> None:
    ledger = open_ledger(repo)
    with acknowledged.open("ab", buffering=0) as notes:
        for fence in range(number):
            _, written = ledger.append(RunId(run), AGENT, Moment(AT + fence), lambda _, fence=fence: [renewed(fence)])
            notes.write(f"{written[0].record.seq} {written[0].commit}\n".encode())


if __name__ == "__main__":
    append_until_killed(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[4]), int(sys.argv[3]))
