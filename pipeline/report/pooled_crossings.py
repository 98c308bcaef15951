"""Does a motorway's light end at the border in all photos together? The answer with what speaks for and
against it, beside what policy said of its lamps at the hour of each photo."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.deliver.results import CityResults
from pipeline.ground.country_table import adjective
from pipeline.report.answers import Answer, Argument, evidence_doubt, rows_of
from pipeline.report.motorway_answers import CLAIMED, JPEG_BRIGHTENS_FAINT_LIGHT, WORDS, of_motorway
from pipeline.report.number_format import fixed, missing, signed, span

APART_M = 1.0  # of ends, beyond their own errors: less is nothing


def pooled_crossing(ref: str, pair: str, city: CityResults, of_photos: Sequence[Answer]) -> list[Answer]:
    """The answer of all photos together, none where they were not pooled; `of_photos` is what each says by
    itself."""
    rows = rows_of(of_motorway(city.pooled.motorway_crossings, ref, pair))
    if not rows:
        return []
    # The first row is of all photos, others of those of one policy.
    row, of_policies = rows[0], rows[1:]
    word, lean = WORDS[row.verdict]
    arguments = [
        *_of_the_end(row),
        *_by_themselves(row, of_photos),
        *evidence_doubt(city.pooled, JPEG_BRIGHTENS_FAINT_LIGHT),
    ]
    return [
        Answer(
            source=city.pooled,
            word=word,
            lean=lean,
            verdict=str(row.statement),
            claim=f"the light of the {ref} ends at the border",
            found="" if lean == "open" else row.verdict,
            claimed=CLAIMED,
            figures=_figures(row),
            arguments=tuple(arguments),
            beside=tuple(_policies(row, of_policies)),
        )
    ]


def _figures(row: Any) -> tuple[tuple[str, str], ...]:
    """Chainages in km, as charts have them."""
    photos = ("Photos, of which show an end", f"{fixed(row.n_photos)}, {fixed(row.n_ends)}")
    if missing(row.end_m):
        return (photos,)
    end, low, high = (value / 1e3 for value in (row.end_m, row.low95_m, row.high95_m))
    sides = f"− {adjective(row.first)}, + {adjective(row.second)} side"
    return (
        (f"Light ends, km ({sides})", signed(end)),
        ("95 % interval", span(low, high)),
        photos,
    )


def _of_the_end(row: Any) -> Iterator[Argument]:
    """What the pooled end says of the border, and how well photos agree."""
    if missing(row.end_m):
        return
    holds = row.low95_m <= 0 <= row.high95_m
    wide = f"{(row.high95_m - row.low95_m) / 1e3:.2f} km wide"
    yield Argument(
        bool(holds),
        f"The 95 % interval of the end, {wide}, {'holds' if holds else 'does not hold'} the national border.",
    )
    if row.n_ends > 1:
        if row.between_photos_m < APART_M:
            yield Argument(True, "Its photos differ by no more than their own errors.")
        else:
            apart = fixed(row.between_photos_m)
            yield Argument(False, f"Its photos differ by {apart} m (1 sigma) beyond their own errors.")


def _by_themselves(row: Any, of_photos: Sequence[Answer]) -> Iterator[Argument]:
    """How many photos say the same alone."""
    agreeing = sum(answer.found == CLAIMED for answer in of_photos)
    differing = sum(answer.found not in ("", CLAIMED) for answer in of_photos)
    if agreeing:
        yield Argument(True, f"{agreeing} of {len(of_photos)} photos find so by themselves.")
    if differing:
        yield Argument(False, f"{differing} of {len(of_photos)} photos find something else by themselves.")


def _policies(row: Any, of_policies: Sequence[Any]) -> Iterator[str]:
    """What policy said at the hours of the photos, and what those of one policy say."""
    yield f"Policy at the hours of these photos: {row.policy}."
    for other in of_policies:
        yield f"Where it was “{other.policy}”: {other.statement}"
