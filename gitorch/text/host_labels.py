"""`hosts: {needs: [gpu]}` of a lane, a job or an epic: the labels that a host must have to take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.text.fields import Form


def read_host_labels(form: Form) -> tuple[str, ...]:
    """The labels that this mapping asks of a host; empty without any."""
    hosts = form.form("hosts")
    labels = hosts.texts("needs")
    hosts.done()
    return labels
