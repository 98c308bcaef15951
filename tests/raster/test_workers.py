"""Work is done alike by threads and by a scheduler's workers, in few pieces, in spite of a dead one."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from pipeline.camera.uncertainty import SolvedCamera
from pipeline.errors import SchedulerError
from pipeline.ortho.warp import orthorectify, view_geometry
from pipeline.photo.photo import Photo
from pipeline.photo.tiff import PhotoTif, write_photo
from pipeline.raster.bands import Band
from pipeline.raster.cog import write_cog
from pipeline.raster.dataset import labelled
from pipeline.raster.grid import Grid
from pipeline.raster.tiled import tiled
from pipeline.raster.workers import Workers, in_order, worked_out
from tests.scenes.cameras import COVARIANCE, ORDER, camera

GRID = Grid("EPSG:3035", 100.0, (4_000_000.0, 3_000_000.0, 4_060_000.0, 3_040_000.0))
BAND = Band("place", "1", "a number for each cell")


class Slow:
    """The number of each cell; a tile takes a while, and leaves the process's number in a folder."""

    def __init__(self, folder, seconds=0.0):
        self.folder, self.seconds = folder, seconds

    def __call__(self, tile):
        (self.folder / f"{tile.row}-{tile.column}-{os.getpid()}").touch()
        time.sleep(self.seconds)
        row, column = np.mgrid[: tile.height, : tile.width]
        return ((row + tile.row) * 1000 + column + tile.column)[None].astype(np.float32)


def write(file, compute):
    write_cog(file, labelled(tiled((1, GRID.height, GRID.width), 128, compute), GRID, [BAND]))
    return file.read_bytes()


def processes(folder):
    return {name.name.rsplit("-", 1)[1] for name in folder.iterdir()}


def folder_of(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def test_two_workers_write_what_threads_write(cluster, tmp_path):
    here, there = folder_of(tmp_path, "here"), folder_of(tmp_path, "there")
    with Workers(threads=2).at_work():
        expected = write(tmp_path / "a.tif", Slow(here))
    with Workers(cluster.scheduler_address).at_work():
        assert write(tmp_path / "b.tif", Slow(there, 0.02)) == expected
    assert processes(here) == {str(os.getpid())}
    assert len(processes(there)) == 2
    assert str(os.getpid()) not in processes(there)


def test_a_killed_worker_costs_a_retry_not_the_result(cluster, tmp_path):
    here, there = folder_of(tmp_path, "here"), folder_of(tmp_path, "there")
    expected = write(tmp_path / "a.tif", Slow(here))

    def kill_one_at_work():
        while len(list(there.iterdir())) < 4:
            time.sleep(0.01)
        os.kill(int(min(processes(there))), signal.SIGKILL)

    killer = threading.Thread(target=kill_one_at_work)
    killer.start()
    with Workers(cluster.scheduler_address).at_work():
        assert write(tmp_path / "b.tif", Slow(there, 0.2)) == expected
    killer.join()
    tiles = [name.name.rsplit("-", 1)[0] for name in there.iterdir()]
    assert len(tiles) > len(set(tiles))  # what the dead one had begun was begun again


def test_an_address_where_nobody_listens_is_one_line_within_10_s():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    start = time.monotonic()
    with (
        pytest.raises(SchedulerError, match="no dask scheduler answers there") as caught,
        Workers(address).at_work(),
    ):
        pass
    assert time.monotonic() - start < 10
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)


def test_threads_do_without_what_is_slow_to_load():
    """Dask, where no tiles are handed out, and `distributed`: 0.1 and 0.2 s of each step."""
    code = (
        "import sys\n"
        "from pipeline.raster.workers import Workers, in_order\n"
        "with Workers(threads=2).at_work():\n"
        "    assert in_order(abs, [-1, 2]) == [1, 2]\n"
        "assert 'dask' not in sys.modules\n"
        "import numpy as np\n"
        "from pipeline.raster.tiled import tiled\n"
        "with Workers(threads=2).at_work():\n"
        "    made = tiled((1, 4, 4), 2, lambda tile: np.ones((1, 2, 2), np.float32))\n"
        "    assert made.sum().compute() == 16\n"
        "assert 'distributed' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("threads", [1, 3])
def test_few_pieces_are_at_work_at_any_time_and_order_is_kept(threads):
    begun, taken, most = [], [], 0

    def pieces():
        for piece in range(50):
            begun.append(piece)
            yield piece

    with Workers(threads=threads).at_work():
        for piece, square in worked_out(lambda piece: piece**2, pieces()):
            taken.append(piece)
            most = max(most, len(begun) - len(taken))
            assert square == piece**2
        assert sorted(taken) == list(range(50))
        assert most <= threads + 1
        late_first = in_order(lambda piece: time.sleep(0.01 * (5 - piece)) or piece, range(5))
    assert late_first == list(range(5))


def test_a_failure_is_passed_on_and_ends_the_rest():
    begun = []

    def fails(piece):
        begun.append(piece)
        raise RuntimeError("no light")

    with pytest.raises(RuntimeError, match="no light"):
        list(worked_out(fails, range(1000)))
    assert len(begun) < 1000


def test_graphs_are_small_whatever_the_photo_and_the_grid(tmp_path):
    """A 45 Mpx photo on 400 Mcells: tasks name files and windows, they carry neither pixels nor lattices."""
    view = camera(180, width=8256)
    assert view.width * view.height > 45e6
    file = tmp_path / "photo.tif"
    small = np.zeros((3, 2, 2), np.float32)
    write_photo(Photo(small, small[0] > 0), file)  # its size is asked for when a window is
    x, y = 4.03e6, 3.06e6
    grid = Grid("EPSG:3035", 10.0, (x - 1e5, y - 1e5, x + 1e5, y + 1e5))
    assert grid.width * grid.height == 400e6
    solved = SolvedCamera(view, ORDER, COVARIANCE)
    for raster in (orthorectify(PhotoTif(file), view, grid, 20.0), view_geometry(solved, grid)):
        assert len(cloudpickle.dumps(raster)) < 5e6
