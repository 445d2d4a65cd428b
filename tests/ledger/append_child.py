"""A process of its own that appends until it is done or killed: `append_child.py REPO RUN NUMBER ACKNOWLEDGED`.

Each append that came back is noted in the file ACKNOWLEDGED, one line each, before the next begins.
"""

import os
import sys
from pathlib import Path

from ledger_kit import AGENT, AT, open_ledger, renewed

from gitorch.model.ids import Moment, RunId


def main() -> None:
    repo, run, number, acknowledged = sys.argv[1:]
    ledger = open_ledger(Path(repo))
    with Path(acknowledged).open("ab", buffering=0) as notes:
        for fence in range(int(number)):
            _, written = ledger.append(RunId(run), AGENT, Moment(AT + fence), lambda _, fence=fence: [renewed(fence)])
            notes.write(f"{written[0].record.seq} {written[0].commit}\n".encode())


if __name__ == "__main__":
    main()
    os._exit(0)
