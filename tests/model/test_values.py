"""`model.values` against the standard library's own dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import pickle

import pytest

from gitorch.model import values


class Work(values.Value):
    job: str
    round: int = 1
    paths: tuple[str, ...] = ()
    marks: dict[str, int] = values.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    job: str
    round: int = 1
    paths: tuple[str, ...] = ()
    marks: dict[str, int] = dataclasses.field(default_factory=dict)


class Empty(values.Value):
    pass


FULL = {"job": "api", "round": 2, "paths": ("a", "b"), "marks": {"x": 1}}


@pytest.mark.parametrize("given", [{"job": "api"}, FULL])
def test_fields_defaults_and_repr_are_the_standard_ones(given):
    own, standard = Work(**given), Standard(**given)
    assert {name: getattr(own, name) for name in values.names_of(Work)} == dataclasses.asdict(standard)
    assert repr(own).removeprefix("Work") == repr(standard).removeprefix("Standard")
    assert inspect.signature(Work).parameters.keys() == inspect.signature(Standard).parameters.keys()


def test_values_are_equal_when_class_and_fields_are():
    one, same = Work("api", 2, ("a",), ()), Work("api", 2, ("a",), ())
    assert one == same
    assert hash(one) == hash(same)
    assert one != Work("api", 3, ("a",), ())
    assert one != Standard("api", 2, ("a",), ())
    assert Empty() == Empty()
    assert len({Empty(), Empty(), one, same}) == 2


def test_nothing_can_be_set_or_added_or_deleted():
    work = Work("api")
    for change in (lambda: setattr(work, "job", "ui"), lambda: setattr(work, "other", 1), lambda: delattr(work, "job")):
        with pytest.raises(AttributeError):
            change()
    assert not hasattr(work, "__dict__")


def test_a_default_factory_makes_a_fresh_value_each_time():
    assert Work("api").marks is not Work("api").marks


def test_replace_changes_what_is_named_and_keeps_the_rest():
    assert values.asdict(values.replace(Work(**FULL), round=3)) == FULL | {"round": 3}
    with pytest.raises(TypeError, match="rounds"):
        values.replace(Work(**FULL), rounds=3)


def test_copies_and_pickles_are_equal_and_whole():
    for again in (copy.copy(Work(**FULL)), copy.deepcopy(Work(**FULL)), pickle.loads(pickle.dumps(Work(**FULL)))):
        assert again == Work(**FULL)


def test_a_field_with_a_default_differs_from_a_field_without_one():
    assert values.default_of(Work, "job") is values.REQUIRED
    assert values.default_of(Work, "round") == 1
    assert values.default_of(Work, "marks") == {}
    assert values.default_of(Work, "marks") is not values.default_of(Work, "marks")


def test_a_value_as_a_dictionary_can_be_written_as_json_with_all_that_it_holds():
    class Outer(values.Value):
        inner: Work

    assert json.loads(json.dumps(values.asdict(Outer(Work(**FULL))))) == {"inner": FULL | {"paths": ["a", "b"]}}
