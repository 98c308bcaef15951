"""How shares of scenes are told on pages: with what chance makes of them, and whether they are as asked."""

from collections.abc import Iterable, Sequence

from scipy.stats import beta

HELD = (0.93, 0.97)  # of intervals at 95 %


def word(share: float, n: int, band: tuple[float, float]) -> str:
    """met: in the band; unclear: a share in the band may look so in n scenes; missed: it may not."""
    if band[0] <= round(share, 4) <= band[1]:
        return "met"
    low, high = chance(share, n)
    return "missed" if high < band[0] or low > band[1] else "unclear"


def chance(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share found in n scenes (Clopper and Pearson)."""
    k = round(share * n)
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return low, high


def chance_share(share: float, n: int) -> str:
    """A share in percent, and between which the true one lies."""
    low, high = chance(share, n)
    return f"{100 * share:.1f} % ({100 * low:.0f} to {100 * high:.0f})"


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Lines as a table."""
    rule = ["---"] * len(head)
    text = "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))
    return text.replace("+-", "±").replace("<=", "≤")
