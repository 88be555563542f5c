"""What clients sent, made fit for a terminal or a line of a log."""

_LONGEST = 300


def printable(text: str) -> str:
    """A text that stays in its line, in its order, and of a bearable length.

    A blank stands for what cannot be printed: line ends, control characters, and those that
    turn the direction of text around.
    """
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    if text.isprintable():
        return text
    return "".join([character if character.isprintable() else " " for character in text])
