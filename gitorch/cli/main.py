"""The console entry: the hook's fast path, then one call of one verb."""

import gc
import sys

GARBAGE_AFTER = 50_000
"""Objects made before their cycles are looked for. The usual 700 cost a verb 5 % of its start, and find nothing."""


def main() -> None:
    """Run the verb that the command line names and exit with its status."""
    if sys.argv[1:2] == ["hook"]:
        from gitorch.cli.hook import hook

        hook(sys.argv[2:])
        return

    gc.set_threshold(GARBAGE_AFTER)
    from gitorch.cli.boundary import run
    from gitorch.cli.call import from_process

    sys.exit(run(sys.argv[1:], from_process()))


if __name__ == "__main__":
    main()
