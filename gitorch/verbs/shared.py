"""Parameters that several verbs share."""

from gitorch.verbs.verb import Kind, Parameter

RUN = Parameter("run", "The id of the run; by default the open one, or the newest.", completes="run")
"""The run as an argument."""

RUN_WITH_ID = Parameter("run", "The run, where several have this id.", ("--run",), metavar="RUN", completes="run")
"""The run of a question or job whose id other runs have too."""

OPEN_RUN = Parameter("run", "The run, where several are open.", ("--run",), metavar="RUN", completes="run")
"""The run of a job or session whose name other open runs have too."""

RUN_OF_EPIC = Parameter("run", "The run that the epic belongs to.", ("--run",), metavar="RUN", completes="run")
"""The run of an epic whose report is asked for."""

WORK_RUN = Parameter(
    "run", "For manual work: the run, where several are open.", ("--run",), metavar="RUN", completes="run"
)
"""The run of manual work."""

JOB_HELD = Parameter(
    "job",
    "Your job's id; required for manual work where you hold several.",
    ("--job",),
    metavar="JOB",
    completes="job",
)
"""The job of the caller."""

FENCE = Parameter(
    "fence",
    "Proceed only if the lease has this number.",
    ("--fence",),
    metavar="N",
    kind=Kind.NUMBER,
    default=0,
)
"""The lease that the caller believes to hold."""
