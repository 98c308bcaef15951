"""Parts of photographs of known truth: is a crop seen as one, and is none placed worse than it says?

    python -m benchmarks.georeferencing.crops

Cuts 3 to 50 % off each rendered scene and off simulated frames, at a side, at a corner or all around, and
places what is left from facts that say nothing of it, that say `crop: unknown`, or where it was cut. Writes
crops.json beside this file. A stopped run goes on where it was, as long as the solver is the same.
"""

import argparse
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.georeferencing.measure import against_camera
from benchmarks.georeferencing.runner import Row, Task, run
from benchmarks.georeferencing.suite import SHARED_SCENES_MM
from pipeline.camera.camera import Camera
from pipeline.camera.terrain import FLAT
from pipeline.georeference.photo_pass import KnownGround, solved_alone
from pipeline.ground.cities import gazetteer
from pipeline.models import Facts
from pipeline.photo.crop import cut_of
from pipeline.photo.photo import Photo, PhotoFacts
from tests.conftest import shared_folder
from tests.scenes.frames import rendered_facts, rendered_scene, simulated, simulated_facts

# Focal lengths (mm) of simulated frames, and around which places they are.
SIMULATED = {
    24.0: (4.85, 45.75),
    35.0: (9.2, 45.5),
    50.0: (-3.7, 40.4),
    85.0: (4.85, 45.75),
    180.0: (4.4, 50.85),
}
SEED = 11
# Share of the frame's width that goes at the left and at the right, and of its height above and below.
EDGES = {
    "left": (1, 0, 0, 0),
    "top": (0, 0, 1, 0),
    "lower right corner": (0, 1, 0, 1),
    "bottom": (0, 0, 0, 1),
    "all around": (0.5, 0.5, 0.5, 0.5),
    "right": (0, 1, 0, 0),
    "upper left corner": (1, 0, 1, 0),
    "bottom and half as much at the right": (0, 0.5, 0, 1),
}
SHARES = (0.15, 0.03, 0.5, 0.05, 0.35, 0.1, 0.25)
TOLD = ("nothing", "where", "nothing", "unknown", "nothing")  # of the crops of a scene, in turn
CROPS_A_SCENE = 5
CAMERA_PX = (4256, 2832)  # in whose pixels a crop is stated: two or four to one of a scene


@dataclass(frozen=True)
class Crop:
    """What is cut off, how much, and what is told of it."""

    edge: str
    share: float
    told: str

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of what is left, px, all even."""
        left, right, top, bottom = (self.share * part for part in EDGES[self.edge])
        start = 2 * round(left * width / 2), 2 * round(top * height / 2)
        end = 2 * round((1 - right) * width / 2), 2 * round((1 - bottom) * height / 2)
        return *start, end[0] - start[0], end[1] - start[1]


WHOLE = Crop("left", 0.0, "nothing")


def crops(number: int) -> list[Crop]:
    """The crops of a scene: the combinations in turn, so that any beginning of the tasks is fair."""
    first = number * CROPS_A_SCENE
    edges = islice(cycle(EDGES), first, first + CROPS_A_SCENE)
    shares = islice(cycle(SHARES), first, first + CROPS_A_SCENE)
    return [Crop(*each) for each in zip(edges, shares, TOLD, strict=True)]


def row(photo: Photo, truth: Camera, facts: Facts, crop: Crop) -> Row:
    """A crop, placed by what is told of it."""
    left, top, width, height = crop.box(truth.width, truth.height)
    part = photo.window(slice(top, top + height), slice(left, left + width))
    part = Photo(np.ascontiguousarray(part.light), np.ascontiguousarray(part.saturated))
    column, row_px = truth.principal_point_px
    true = replace(truth, principal_point_px=(column - left, row_px - top), width=width, height=height)
    if crop.told == "where":
        scale = CAMERA_PX[0] // truth.width
        box = (scale * left, scale * top, scale * width, scale * height)
        facts = facts.updated(Facts(crop=box))
    elif crop.told == "unknown":
        facts = facts.updated(Facts(crop="unknown"))
    full = CAMERA_PX if crop.told == "where" else None
    cut = cut_of(facts, (width, height), full, None, "crop")
    stated = PhotoFacts(
        **facts.model_dump(), id="crop", source="crop", linearisation="", width=width, height=height,
        full_frames=cut.frames, cut=cut.reason,
    )  # fmt: skip
    start = time.process_time()
    solution = solved_alone(stated, part, KnownGround(gazetteer(), None, FLAT), None, threads=1)
    return {
        "held_for_a_crop": bool(cut.frames),
        "accepted": solution.accepted,
        "as_a_crop": solution.problem.prior.is_cut,
        "probability": solution.verdict.false_alarm_probability,
        "cpu_seconds": round(time.process_time() - start, 1),
        **against_camera(solution, true),
        "reason": solution.reason,
    }


def rendered_row(number: int, crop: Crop) -> Row:
    photo, _, truth = rendered_scene(shared_folder(), number)
    return row(photo, truth, rendered_facts(shared_folder(), number), crop)


def simulated_row(focal_length_mm: float, crop: Crop) -> Row:
    aim = SIMULATED[focal_length_mm]
    photo, _, truth = simulated(focal_length_mm, SEED, aim)
    return row(photo, truth, simulated_facts(focal_length_mm, SEED, aim), crop)


def tasks(crops_a_scene: int) -> dict[str, Task]:
    """Each scene whole, and crops of it: the first of each scene before the second of any."""
    scenes = [
        *(("rendered", mm, f"scene-{n}", partial(rendered_row, n)) for n, mm in SHARED_SCENES_MM.items()),
        *(("simulated", mm, f"{mm:g} mm", partial(simulated_row, mm)) for mm in SIMULATED),
    ]
    named = {}
    for turn in range(crops_a_scene + 1):
        for place, (kind, focal_length_mm, name, work) in enumerate(scenes):
            crop = (WHOLE, *crops(place))[turn]
            known = _known(kind, focal_length_mm, crop)
            named[f"{name}, {_name(crop)}"] = Task(known, partial(work, crop))
    return named


def _known(kind: str, focal_length_mm: float, crop: Crop) -> Row:
    edge = crop.edge if crop.share else None
    return {
        "kind": kind,
        "focal_length_mm": focal_length_mm,
        "edge": edge,
        "share": crop.share,
        "told": crop.told,
    }


def _name(crop: Crop) -> str:
    return f"{crop.edge} {crop.share:.0%}, told {crop.told}" if crop.share else "whole"


def main() -> None:
    parser = argparse.ArgumentParser(description="Place crops of scenes of known truth.")
    parser.add_argument("--crops", type=int, default=CROPS_A_SCENE, help="of each scene")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("crops.json"))
    args = parser.parse_args()
    rows = run(tasks(args.crops), args.out, {"seed": SEED}, args.workers)
    accepted = [each for each in rows if each["accepted"]]
    wrong = [each["name"] for each in accepted if (each["mean_square"] or 0) > 9]
    print(f"{len(accepted)} of {len(rows)} accepted; off by more than 3 sigma: {wrong or 'none'}")


if __name__ == "__main__":
    main()
