"""Errors a user can act on. Each is one line that says what is wrong where, and the way out."""

MAX_SHOWN = 80  # characters of what a user wrote, in a message of one line
MAX_SAID = 300  # of what a server or a library says: some show the whole of a query that failed


def printable(text: str) -> str:
    """A text on one line, its control characters as their escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """What a server or a library says, as one short line without control characters."""
    shown = "".join(c if c.isprintable() else " " for c in text[: 4 * MAX_SAID])
    line = " ".join(shown.split())
    return line if len(line) <= MAX_SAID else f"{line[: MAX_SAID - 4]} ..."


def said_by(error: Exception) -> str:
    """What the system or a library says of an error; its kind where it says nothing."""
    return one_line(getattr(error, "strerror", None) or str(error)) or type(error).__name__


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 4]} ..."


class PipelineError(Exception):
    """Base of every error caused by input rather than by a bug; shown without a traceback."""


class ConfigError(PipelineError):
    """A configuration file holds something that cannot be used."""

    def __init__(self, file: object, key: str, value: object, reason: str) -> None:
        shown = "" if value is None else f" = {_short(repr(value))}"
        super().__init__(printable(f"{file}: {_short(key)}{shown}: {reason}"))


class PhotoError(PipelineError):
    """A photograph is missing, unreadable or unusable."""


class FactsError(PipelineError):
    """A fact of a photograph that the geometry needs is absent or impossible."""


class ControlPointError(PipelineError):
    """A file of manual control points cannot be read or does not fit the photo."""


class ReferenceLightError(PipelineError):
    """Roads or a night-light raster given as reference light cannot be used."""


class RefusedError(PipelineError):
    """A georeference does not stand out from its rivals and is therefore not given."""


class GridError(PipelineError):
    """The map grid cannot be laid out or would not fit into memory."""


class InputFileError(PipelineError):
    """A file that a user gives has a name or a date with which a run cannot work."""


class OutputError(PipelineError):
    """A result cannot be written."""


class ResultsInUseError(PipelineError):
    """Another run is writing to the results folder."""


class DownloadError(PipelineError):
    """A photograph or a map could not be fetched."""


class NotThereError(DownloadError):
    """The server says that it has no such file."""


class ResultsError(PipelineError):
    """A folder does not hold the results that were asked for."""


class SchedulerError(PipelineError):
    """Nobody listens where the dask scheduler should be."""


class RasterError(PipelineError):
    """A raster does not hold what is looked for in it."""


class GivenFileError(PipelineError):
    """A map or a raster that the user gives is not what it should be, or would lead out of itself."""

    def __init__(self, file: object, reason: str) -> None:
        self.reason = printable(reason)
        super().__init__(f"{file}: {self.reason}")
