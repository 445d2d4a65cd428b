"""The console entry: the fast paths of the hook and of the MCP server, then one call of one verb."""

import gc
import os
import sys

GARBAGE_AFTER = 50_000
"""Objects made before their cycles are looked for. The usual 700 cost a verb 5 % of its start, and find nothing."""


def main() -> None:
    """Run the verb that the command line names and exit with its status."""
    if None in {sys.stdin, sys.stdout, sys.stderr}:
        open_closed_streams()
    if sys.argv[1:2] == ["hook"]:
        from gitorch.cli.hook import hook

        hook(sys.argv[2:])
        return

    gc.set_threshold(GARBAGE_AFTER)
    if sys.argv[1:2] == ["acp-host"]:
        from gitorch.world.acp.host import main as host

        sys.exit(host(sys.argv[2:], os.environ))

    if sys.argv[1:] == ["mcp"]:
        from gitorch.mcp.server import serve

        serve(os.getcwd(), dict(os.environ))  # noqa: PTH109  pathlib costs the start 3 ms
        return

    from gitorch.cli.boundary import run
    from gitorch.cli.call import from_process

    status = run(sys.argv[1:], from_process())
    gc.freeze()  # Python would search all objects for cycles before it ends, which takes a tenth of a short verb
    sys.exit(status)


def open_closed_streams() -> None:
    """Connect the standard streams that the caller has closed to the null device, as git does.

    Otherwise the next file that is opened would take the number of such a stream, and get what is printed to it.
    """
    number = os.open(os.devnull, os.O_RDWR)
    while number <= 2:
        os.set_inheritable(number, True)
        number = os.open(os.devnull, os.O_RDWR)

    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


if __name__ == "__main__":
    main()
