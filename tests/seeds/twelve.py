"""The plan of these tests: twelve epics in four waves, and which of an agent's misdeeds a seed has in store."""

from __future__ import annotations

NEEDS = {
    "ash": (),
    "bay": (),
    "cedar": (),
    "dill": ("ash",),
    "elm": ("ash", "bay"),
    "fir": ("cedar",),
    "gorse": ("dill",),
    "hazel": ("elm", "fir"),
    "ivy": ("fir",),
    "juniper": ("gorse", "hazel"),
    "kale": ("hazel",),
    "larch": ("ivy",),
}
"""What each epic needs. Three can begin at once, and each wave but the first needs the one before it."""
