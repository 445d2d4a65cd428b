"""A number with its noun, as every message and page says it."""


def counted(number: int, one: str, several: str = "") -> str:
    """`1 question`, `3 questions`; irregular plurals are given."""
    return f"{number} {noun_for(number, one, several)}"


def noun_for(number: int, one: str, several: str = "") -> str:
    """The noun alone, for a number that is written in another way: `1.2k` and `tokens`."""
    if number == 1:
        return one

    return several or f"{one}s"
