"""What docs/borders-benchmark.md says of typical towns, from towns.json, rendered.json and pooling.json."""

from typing import Any

from benchmarks.borders.formats import HELD, chance_share, markdown, word
from benchmarks.borders.towns import CASES

Row = dict[str, Any]
# Share of scenes in which a planted 0.25 is to be called, by setting; of false calls where nothing is
# planted.
ASKED = {
    "typical": 0.52,
    "dense": 0.80,
    "very uneven towns": 0.28,
    "short border, 8 towns a side": 0.25,
    "trend known to 0.05": 0.80,
    "five photos": 0.75,
    "twenty photos": 0.90,
}
FALSE_ALARMS = (0.03, 0.07)
WIDER = 1.15  # than the half width of one who knows how towns scatter
MAX_ERROR = 0.03  # of rendered scenes
MAX_SECONDS, MAX_GB = 60, 2


def towns_targets(towns: Row, rendered: list[Row], pooling: Row) -> list[tuple[str, str, str, str]]:
    """A line for each thing asked of typical towns: what, asked, measured, met or missed."""
    held = [word(row["coverage"], row["given"], HELD) for row in towns.values()]
    biased = [name for name, row in towns.items() if abs(row["bias"]) > 0.01 + 2 * row["bias_sigma"]]
    ratios = [
        row["half_width_median"] / row["oracle_half_width"]
        for row in towns.values()
        if "oracle_half_width" in row
    ]
    wide = sum(ratio > WIDER for ratio in ratios)
    false = [row for row in towns.values() if row["contrast"] == 0]
    alarms = [word(row["called"], row["given"], FALSE_ALARMS) for row in false]
    lines = [
        (
            "a typical town's contrast held by its interval",
            "93 to 97 %",
            f"{held.count('met')} of {len(held)} settings",
            _verdict(held),
        ),
        (
            "its bias",
            "< 0.01",
            f"{len(towns) - len(biased)} of {len(towns)} settings, but for chance",
            "met" if not biased else f"missed: {', '.join(biased)}",
        ),
        (
            "its interval against one who knows how towns scatter",
            f"<= {WIDER:g} times",
            f"{len(ratios) - wide} of {len(ratios)} settings; {min(ratios):.2f} to {max(ratios):.2f}",
            "met" if not wide else f"missed in {wide}",
        ),
        (
            "called though nothing is planted",
            "3 to 7 %",
            f"{alarms.count('met')} of {len(alarms)} settings",
            _verdict(alarms),
        ),
    ]
    for name, asked in ASKED.items():
        if name in towns:
            called = towns[name]["called"]
            met = "met" if called >= asked else "missed"
            lines.append((f"0.25 called: {name}", f">= {100 * asked:.0f} %", f"{100 * called:.0f} %", met))
    big = [row for row in rendered if row["quantity"] == "towns"]
    good = sum(_within(row) for row in big)
    lines.append(
        (
            "rendered scenes, one colour a country",
            f"error <= {MAX_ERROR:g}, in the interval",
            f"{good} of {len(big)} borders; {sum(_inside(row) for row in big)} in the interval",
            "met" if good == len(big) else "missed in some",
        )
    )
    quick = pooling["seconds"] <= MAX_SECONDS and pooling["memory_gb"] <= MAX_GB
    lines.append(
        (
            f"{pooling['photos']} photos of {pooling['towns']:.0f} towns pooled",
            f"{MAX_SECONDS} s, {MAX_GB} GB",
            f"{pooling['seconds']:.0f} s, {pooling['memory_gb']:.1f} GB",
            "met" if quick else "missed",
        )
    )
    return lines


def towns_table(towns: Row) -> str:
    """A row for each setting."""
    head = (
        "setting",
        "photos",
        "scenes",
        "given",
        "held",
        "",
        "mean error",
        "half width",
        "to oracle",
        "called",
    )
    return markdown(
        (*head, "placebo p <= 5 %"), [_setting(name, towns[name]) for name in CASES if name in towns]
    )


def _setting(name: str, row: Row) -> tuple[str, ...]:
    ratio = (
        f"{row['half_width_median'] / row['oracle_half_width']:.2f}" if "oracle_half_width" in row else "-"
    )
    return (
        name,
        str(row["photos"]),
        str(row["scenes"]),
        str(row["given"]),
        chance_share(row["coverage"], row["given"]),
        word(row["coverage"], row["given"], HELD),
        f"{row['bias']:+.3f} +-{row['bias_sigma']:.3f}",
        f"{row['half_width_median']:.2f}",
        ratio,
        f"{100 * row['called']:.0f} %",
        f"{100 * row['placebo_at_5_percent']:.0f} %" if row["placebo_given"] else "-",
    )


def rendered_table(rendered: list[Row]) -> str:
    """A row for each border of each rendered scene."""
    return markdown(
        ("scene", "border", "planted", "typical town", "error", "in the interval", "towns a side"),
        [
            (
                row["scene"],
                row["pair"],
                f"{row['planted']:+.3f}",
                f"{row['contrast_g_r']:+.3f} ({row['low95']:+.3f} to {row['high95']:+.3f})",
                f"{row['contrast_g_r'] - row['planted']:+.3f}",
                "yes" if _inside(row) else "**no**",
                f"{row['n_first']:.0f}, {row['n_second']:.0f}",
            )
            for row in rendered
            if row["quantity"] == "towns"
        ],
    )


def _inside(row: Row) -> bool:
    return bool(row["low95"] <= row["planted"] <= row["high95"])


def _within(row: Row) -> bool:
    return _inside(row) and abs(row["contrast_g_r"] - row["planted"]) <= MAX_ERROR


def _verdict(words: list[str]) -> str:
    """The worst of some words."""
    worst = next((each for each in ("missed", "unclear") if each in words), "met")
    return worst if worst == "met" else f"{worst} in {words.count(worst)}"
