"""The console entry: the hook's fast path, then one call of one verb."""

import sys


def main() -> None:
    """Run the verb that the command line names and exit with its status."""
    if sys.argv[1:2] == ["hook"]:
        from gitorch.cli.hook import hook

        hook(sys.argv[2:])
        return
    from gitorch.cli.boundary import run
    from gitorch.cli.call import from_process

    sys.exit(run(sys.argv[1:], from_process()))


if __name__ == "__main__":
    main()
