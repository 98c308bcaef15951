"""What may be said of the change of tone between two photos, by their evidence and their cameras."""

import math
from dataclasses import dataclass
from typing import Literal

from pipeline.arrays import Floats
from pipeline.photo.cameras import AB_SIGMA
from pipeline.photo.photo import PhotoFacts
from pipeline.tone.evidence import carries
from pipeline.tone.transform import CameraTransform, between_cameras, seen_by_target

# absolute: the change of lighting itself. relative: minus what the whole frame did. refused: no change.
Kind = Literal["absolute", "relative", "refused"]


@dataclass(frozen=True)
class Allowed:
    """What may be said of the change of tone between two photos, and why not more. Where two cameras took
    them, `transform` turns the later photo's colours into those that the earlier one's camera sees."""

    kind: Kind
    reason: str
    transform: CameraTransform | None = None

    @property
    def place_sigma(self) -> float:
        """1 sigma of the change of log2(G/R) in one place, by the two cameras: how far its lamps may be from
        what the transform takes them for. Which lamps burn is not known, so it is the sigma without blue."""
        return self.transform.rms_alone if self.transform else 0.0

    @property
    def frame_sigma(self) -> float:
        """1 sigma of an error that is the same all over the frame: how well each camera's colours are tied to
        the common scale."""
        # Two cameras, each with an error of its own.
        return math.sqrt(2) * AB_SIGMA / math.log(2) if self.transform else 0.0

    @property
    def note(self) -> str | None:
        """How two cameras were made one, as an English sentence."""
        if self.transform is None:
            return None
        target, source = self.transform.target, self.transform.source
        return (
            f"Two cameras took these photos: colours of the later one are compared as the {target} would "
            f"have seen them, not the {source}. The intervals include how far lamps differ from that "
            f"({self.place_sigma:.2f} in log2(G/R), 1 sigma) and, but for differences across a border, how "
            f"well the two cameras' colours are known ({self.frame_sigma:.2f})."
        )

    def later(self, light: Floats, tone: Floats) -> tuple[Floats, Floats]:
        """Light and tone of the later photo as the earlier photo's camera sees them."""
        return seen_by_target(light, tone, self.transform) if self.transform else (light, tone)


def allowed(before: PhotoFacts, after: PhotoFacts) -> Allowed:
    """Absolute change needs two raw photos of one camera, or two with anchored colours; any other two
    photos allow only relative change."""
    if before.simulated != after.simulated:
        return Allowed("refused", "one of the photos is simulated and the other is not")
    for photo in (before, after):
        if not carries(photo.evidence, "change"):
            why = f"{photo.id} is of evidence level {photo.evidence}: its colours are shifted"
            return Allowed("relative", why)
    if before.evidence != after.evidence:
        return Allowed("relative", f"ratios of {before.evidence} and {after.evidence} are not of one system")
    if before.anchor and after.anchor:
        if before.anchor.xyz_to_camera == after.anchor.xyz_to_camera:
            return Allowed("absolute", "")
        first, second = before.camera or before.id, after.camera or after.id
        transform = between_cameras(second, after.anchor, first, before.anchor)
        return Allowed("absolute", f"colours of the {second} as the {first} would see them", transform)
    if before.camera is None or before.camera != after.camera:
        cameras = f"{before.camera or 'an unknown camera'} and {after.camera or 'an unknown camera'}"
        return Allowed("relative", f"{cameras} see the same lamps in different colours")
    return Allowed("absolute", "")
