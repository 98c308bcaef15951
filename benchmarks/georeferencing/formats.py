"""Tables of figures as Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; what is not a number is a dash."""
    rule = ["---"] * len(head)
    text = "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))
    return text.replace("nan +-nan %", "-").replace("nan", "-").replace("+-", "±")
