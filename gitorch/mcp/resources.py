"""The resources: what an agent or an operator reads most, each the answer of a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from gitorch.mcp.caller import Caller


class Resource(NamedTuple):
    """One resource."""

    name: str
    title: str
    words: tuple[str, ...]
    """The command line that prints it."""

    kind: str
    """Its MIME type."""

    needs: str = "read"
    """The capability that it takes to read it."""

    @property
    def uri(self) -> str:
        """Its address."""
        return f"gitorch://{self.name}"


RESOURCES = (
    Resource(
        "status",
        "The open run: its jobs, agents, and what waits for a person",
        ("status", "--json"),
        "application/json",
    ),
    Resource("report", "The newest merge report", ("report",), "text/markdown"),
    Resource("artifacts", "The documents that jobs published", ("list", "artifacts", "--json"), "application/json"),
    Resource("brief", "Your brief as it stands now", ("brief",), "text/markdown", "write"),
    Resource("findings", "The findings of the reviews before your job", ("findings",), "text/markdown", "write"),
)


def readable(caller: Caller) -> tuple[Resource, ...]:
    """The resources that this caller may read."""
    return tuple(one for one in RESOURCES if one.needs in caller.capabilities)


def find_resource(uri: object, caller: Caller) -> Resource | None:
    """The resource of an address, among those that the caller may read."""
    for one in readable(caller):
        if one.uri == uri:
            return one

    return None


def definition(one: Resource) -> dict[str, Any]:
    """A resource as the protocol describes it."""
    return {"uri": one.uri, "name": one.name, "title": one.title, "mimeType": one.kind}
