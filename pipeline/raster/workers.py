"""Who works out the tiles: threads of this process, or the workers of an existing dask scheduler.

Work is handed out a few pieces at a time, so that memory stays flat however many there are. A piece whose
worker dies is worked out again by another. All workers must see the files under the same names.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from pipeline.errors import SchedulerError

THREADS = "threads"
ANSWER_WITHIN_S = 8  # an address where nobody listens must be told within 10 s
PIECES_A_THREAD = 2  # at work and waiting, on a cluster: a worker need not wait for the next piece to travel

Piece = TypeVar("Piece")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Workers:
    """`scheduler` is "threads" or the address of a dask scheduler; `threads` counts those of this process, as
    many as it has processors where nothing is said."""

    scheduler: str = THREADS
    threads: int | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have them work out whatever is handed out in the block.

        Raises SchedulerError if nobody listens at the address.
        """
        global _now
        before, _now = _now, self
        try:
            with self._told_to_dask():
                yield
        finally:
            _now = before

    @contextmanager
    def _told_to_dask(self) -> Iterator[None]:
        """Have dask, too, leave its work to them."""
        if self.scheduler == THREADS:
            # A step that hands out no tiles has not loaded dask, which would take it 0.1 s.
            if "dask" not in sys.modules:
                yield
                return
            import dask.config
            import dask.threaded

            # By its name dask would look for it among those of `distributed`, which takes 0.2 s to load.
            with dask.config.set(scheduler=dask.threaded.get, num_workers=self.threads):
                yield
            return
        from distributed import Client  # half a second, which only those pay who have a cluster

        try:
            client = Client(self.scheduler, timeout=ANSWER_WITHIN_S)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, ImportError) as error:
            raise SchedulerError(
                f"configs/run.yaml: dask.scheduler = {self.scheduler}: no dask scheduler answers there "
                f"({type(error).__name__}); start one with `dask scheduler`, or set it to {THREADS}"
            ) from None
        with client:
            yield


HERE = Workers()
"""Threads of this process, as many as it has processors."""

_now = HERE  # at work in this process


def threads_here() -> int:
    """How many threads of this process are at work."""
    if _now.threads is not None:
        return _now.threads
    from dask.system import CPU_COUNT  # which heeds what a container may use

    return int(CPU_COUNT)


def worked_out(
    function: Callable[[Piece], Result], pieces: Iterable[Piece]
) -> Iterator[tuple[Piece, Result]]:
    """Each piece with what `function` makes of it, as they come; a bounded number is at work at any time."""
    with _pool() as (pool, most):
        waiting = iter(pieces)
        at_work: dict[Future[Result], Piece] = {}
        try:
            while True:
                for piece in islice(waiting, most - len(at_work)):
                    at_work[pool.submit(function, piece)] = piece
                if not at_work:
                    return
                done, _ = wait(at_work, return_when=FIRST_COMPLETED)
                for future in done:
                    yield at_work.pop(future), future.result()
        finally:
            for future in at_work:
                future.cancel()


def in_order(function: Callable[[Piece], Result], pieces: Iterable[Piece]) -> list[Result]:
    """What `function` makes of each piece, in the order of the pieces."""
    numbered = worked_out(lambda numbered: function(numbered[1]), enumerate(pieces))
    results = {number: result for (number, _), result in numbered}
    return [results[number] for number in sorted(results)]


@contextmanager
def _pool() -> Iterator[tuple[Executor, int]]:
    """Where pieces are handed to, and how many at a time."""
    if _now.scheduler != THREADS:
        from distributed import get_client

        client = get_client()
        threads = sum(client.nthreads().values())  # type: ignore[no-untyped-call]
        pool = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        yield pool, max(2, PIECES_A_THREAD * threads)
        return
    threads = threads_here()
    with ThreadPoolExecutor(threads) as pool:
        yield pool, threads + 1
