"""`model.values` against the standard library's own dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import field

import pytest

from gitorch.model import values


class Fields:
    """What both kinds are made of."""

    job: str
    round: int = 1
    paths: tuple[str, ...] = ()
    marks: dict[str, int] = field(default_factory=dict)
    seen: int = field(default=0, compare=False)


def body():
    """A fresh class body, since decorating takes fields out of it."""
    own = {name: value for name, value in vars(Fields).items() if not name.startswith("__")}
    return own | {"__annotations__": Fields.__annotations__, "__module__": __name__, "__qualname__": "Work"}


def kind(decorator):
    return decorator(frozen=True, slots=True)(type("Work", (), body()))


Work, Standard = kind(values.dataclass), kind(dataclasses.dataclass)
FULL = {"job": "api", "round": 2, "paths": ("a", "b"), "marks": {"x": 1}, "seen": 3}


@pytest.mark.parametrize("given", [{"job": "api"}, FULL])
def test_fields_defaults_and_repr_are_the_standard_ones(given):
    own, standard = Work(**given), Standard(**given)
    assert dataclasses.asdict(own) == dataclasses.asdict(standard)
    assert repr(own) == repr(standard)
    assert inspect.signature(Work).parameters.keys() == inspect.signature(Standard).parameters.keys()


def test_equality_and_hash_leave_out_what_is_not_compared():
    one, same = Work("api", 2, ("a",), (), 1), Work("api", 2, ("a",), (), 9)
    assert one == same
    assert hash(one) == hash(same)
    assert one != Work("api", 3, ("a",), (), 1)
    assert one != Standard("api", 2, ("a",), (), 1)


def test_nothing_can_be_set_or_added_or_deleted():
    work = Work("api")
    for change in (lambda: setattr(work, "job", "ui"), lambda: setattr(work, "other", 1), lambda: delattr(work, "job")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    assert not hasattr(work, "__dict__")


def test_a_default_factory_makes_a_fresh_value_each_time():
    assert Work("api").marks is not Work("api").marks


@pytest.mark.parametrize("changed", [values.replace, dataclasses.replace])
def test_replace_changes_what_is_named_and_keeps_the_rest(changed):
    work = Work(**FULL)
    assert dataclasses.asdict(changed(work, round=3)) == FULL | {"round": 3}
    with pytest.raises(TypeError, match="rounds"):
        changed(work, rounds=3)


def test_copies_and_pickles_are_equal_and_whole():
    work = PICKLED("api", 2)
    for again in (copy.copy(work), copy.deepcopy(work), pickle.loads(pickle.dumps(work))):
        assert again == work
        assert again.seen == 0


PICKLED = kind(values.dataclass)
PICKLED.__qualname__ = "PICKLED"


def test_a_method_written_in_the_class_is_kept_and_one_field_or_none_is_enough():
    @values.dataclass(frozen=True, slots=True)
    class One:
        name: str

        def __repr__(self) -> str:
            return f"<{self.name}>"

    @values.dataclass(frozen=True, slots=True)
    class Nothing:
        pass

    assert repr(One("a")) == "<a>"
    assert One("a") == One("a") != One("b")
    assert Nothing() == Nothing()
    assert len({One("a"), One("a"), Nothing(), Nothing()}) == 2
