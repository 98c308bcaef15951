"""Photographs: any file of a camera becomes linear light with a mask of what is no usable light.

Takes: JPEG, PNG, TIFF, NEF and DNG files, the table of cameras, a lens's vignetting.
Gives: `Photo` (linear red, green, blue; NaN is invalid; saturated pixels), its facts, what masks it.
Files: `read_photo` and `read_raw` (pictures), `read_header` (their size and EXIF), `read_photo_tif`
(photo.tif), `read_cameras`, `read_vignetting`.
"""
