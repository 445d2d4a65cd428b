"""What the classes of gitorch's values are made with: `dataclass` and `replace`, as in the standard library but faster.

The standard decorator compiles six methods a class, each from text. At 0.9 ms a class that was 90 of the 180 ms which a
verb of an agent took to start; here one method is compiled, `__init__`, the others are shared, and a class takes 0.15 ms.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass_transform(field_specifiers=(dataclasses.field,))
def dataclass(*, frozen: Literal[True], slots: Literal[True]) -> Callable[[type[T]], type[T]]:
    """Make a class with fields a frozen one with slots, which everything in `dataclasses` takes for one of its own.

    Two values are equal when they are of one class and their fields are, those with `compare=False` left out. `__post_init__` is never called.
    """
    del frozen
    decorate = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)

    def made(cls: type[T]) -> type[T]:
        if cls.__doc__ is None:  # else the signature is asked for, at 0.2 ms
            cls.__doc__ = f"{cls.__name__}({', '.join(cls.__annotations__)})"
        types, cls.__annotations__ = cls.__annotations__, dict.fromkeys(cls.__annotations__, object)
        done: Any = decorate(
            cls
        )  # which matches each type in words with three regular expressions, a third of its time
        done.__annotations__ = types
        for field in dataclasses.fields(done):
            field.type = types[field.name]
        done.__init__ = _init(done)
        done.values_of = staticmethod(_values_of(done.__match_args__))
        compared = tuple(field.name for field in dataclasses.fields(done) if field.compare)
        same = compared == done.__match_args__
        done.compared_of = staticmethod(done.values_of if same else _values_of(compared))
        for method in (_eq, _hash, _repr, _reduce, _setattr, _delattr):
            if f"_{method.__name__}__" not in cls.__dict__:
                setattr(done, f"_{method.__name__}__", method)
        return cast("type[T]", done)  # it was Any to be given its methods

    return made


def replace(value: T, **changes: Any) -> T:
    """A copy with these fields changed: `dataclasses.replace` in a tenth of its time, and a record replayed takes five of them."""
    cls: Any = type(value)
    copied: T = _copier(cls)(value, changes)
    return copied


@cache
def _copier(cls: Any) -> Callable[[Any, dict[str, Any]], Any]:
    """Copies a value of this class field by field, as a twin of it that may be written to, and then makes it one of the class."""
    names = cls.__match_args__
    twin: Any = type(cls.__name__, (), {"__slots__": names})
    lines = (
        "def copied(value, changes):",
        " made = _twin()",
        *(f" made.{name} = value.{name}" for name in names),
        " for name, one in changes.items():",
        "  if name not in _names: raise TypeError(f'{_cls.__name__} has no field {name}')",
        "  setattr(made, name, one)",
        " made.__class__ = _cls",
        " return made",
    )
    scope: dict[str, Any] = {"_twin": twin, "_cls": cls, "_names": frozenset(names)}
    exec("\n".join(lines), scope)  # noqa: S102 a loop over the fields takes six times as long
    copied: Callable[[Any, dict[str, Any]], Any] = scope["copied"]
    return copied


def _init(cls: Any) -> Callable[..., None]:
    """`__init__` with a signature of its own; it fills the slots themselves, since setting attributes is refused."""
    scope: dict[str, Any] = {"_absent": dataclasses.MISSING}
    head, body = ["self"], [" pass"]
    for field in dataclasses.fields(cls):
        name, default, factory = field.name, field.default, field.default_factory
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        given = name
        if factory is not dataclasses.MISSING:
            scope[f"_make_{name}"], default = factory, dataclasses.MISSING
            given = f"_make_{name}() if {name} is _absent else {name}"
        if default is dataclasses.MISSING and factory is dataclasses.MISSING:
            head.append(name)
        else:
            scope[f"_default_{name}"] = default
            head.append(f"{name}=_default_{name}")
        body.append(f" _set_{name}(self, {given})")
    exec("\n".join((f"def __init__({', '.join(head)}):", *body)), scope)  # noqa: S102 as the standard library does it
    init: Callable[..., None] = scope["__init__"]
    return init


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """All fields of a value, in order."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _eq(self: Any, other: Any) -> Any:
    return self.compared_of(self) == self.compared_of(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.compared_of(self))


def _repr(self: Any) -> str:
    pairs = zip(self.__match_args__, self.values_of(self), strict=True)
    return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"


def _reduce(self: Any) -> tuple[Any, ...]:
    """Copies and pickles are made anew from their fields."""
    return type(self), self.values_of(self)


def _setattr(self: object, name: str, value: object) -> NoReturn:
    del self, value
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: object, name: str) -> NoReturn:
    del self
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
