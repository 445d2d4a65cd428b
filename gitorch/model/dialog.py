"""What a program asks in its terminal or over its channel: a dialog with its choices, or permission for one action."""

from __future__ import annotations

import re

from gitorch.model.values import Value


class DialogChoice(Value):
    """One choice of a dialog."""

    word: str
    """What a human answers: `allow` or `reject` at a permission request that is known, else the number of a row, or a letter."""
    text: str
    is_selected: bool = False


class ShownDialog(Value):
    """A dialog whose choices are known."""

    choices: tuple[DialogChoice, ...]
    mark: str
    """A digest of what it asks: the same dialog has the same one, whichever row is selected."""

    def label(self, word: str) -> str:
        """The choice as the ledger names it, with the mark of its dialog; empty for a word that it does not offer."""
        for choice in self.choices:
            if choice.word == word:
                return f"{choice.word}. {choice.text} [{self.mark}]"

        return ""

    def choice(self, label: str) -> DialogChoice | None:
        """The choice with this label, however much of its text showed then; None where this is another dialog."""
        word = label.partition(".")[0]
        for choice in self.choices:
            if choice.word == word and label.endswith(f"[{self.mark}]"):
                return choice

        return None

    def choice_of_text(self, pattern: str) -> DialogChoice | None:
        """The only choice whose whole text matches a pattern; None without one, and where several do."""
        found = [choice for choice in self.choices if re.fullmatch(pattern, choice.text)]
        if len(found) == 1:
            return found[0]

        return None

    @property
    def selected(self) -> int:
        """The place of the selected choice, from 0; 0 where none is marked."""
        for place, choice in enumerate(self.choices):
            if choice.is_selected:
                return place

        return 0


class PermissionRequest(Value):
    """Something that a program wants to do and asks for, whole."""

    id: str
    """The program's own id of the request, or one that the channel made from it: the same for as long as it waits."""
    text: str
    """What lane rules are matched against: the whole command, or what the tool is to be given."""
    tool: str = ""
    """The tool as the program names it, such as `Bash`."""
    command: str = ""
    """The whole command, where the tool runs one."""
    folder: str = ""
    """The folder in which it happens."""
