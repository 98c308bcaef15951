"""A folder of its own in which Snakemake runs the repository's workflow as a user would."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """How a call of Snakemake ended, and all it said."""

    code: int
    text: str
    log: str = ""  # Snakemake's own, of a run that did something

    @property
    def errors(self) -> list[str]:
        """The lines for the user."""
        return [line for line in self.text.splitlines() if line.startswith("error: ")]


@dataclass(frozen=True)
class Workdir:
    """Where Snakemake runs, with which interpreter, and where the project lies."""

    folder: Path
    python: str = sys.executable
    project: Path = REPOSITORY

    @classmethod
    def make(cls, folder: Path) -> "Workdir":
        """With the run's configuration and the repository's data; cities and photos are the test's."""
        (folder / "configs").mkdir(parents=True)
        (folder / "data").mkdir()
        for file in (REPOSITORY / "data").iterdir():
            if file.is_file():
                (folder / "data" / file.name).symlink_to(file)
        (folder / "configs" / "run.yaml").write_text((REPOSITORY / "configs" / "run.yaml").read_text())
        return cls(folder)

    def write_city(self, name: str, **values: Any) -> Path:
        """`configs/<name>.yaml` of a city near Liège with `values` in it."""
        city = {"name": name, "location": {"lon": 5.57, "lat": 50.64}, "countries": ["BE"]} | values
        file = self.folder / "configs" / f"{name}.yaml"
        file.write_text(yaml.safe_dump(city, sort_keys=False), encoding="utf-8")
        return file

    def write_region(self, name: str, **values: Any) -> Path:
        """`configs/regions/<name>.yaml` with `values` in it."""
        file = self.folder / "configs" / "regions" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump({"name": name} | values, sort_keys=False), encoding="utf-8")
        return file

    def snakemake(self, *arguments: str) -> Outcome:
        """`snakemake --cores 2`, without a way to the network."""
        finished = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=900,
        )
        logs = sorted((self.folder / ".snakemake" / "log").glob("*.log"))
        return Outcome(finished.returncode, finished.stdout, logs[-1].read_text("utf-8") if logs else "")

    def command(self, *arguments: str) -> list[str]:
        snakefile = str(self.project / "Snakefile")
        return [self.python, "-m", "snakemake", "--snakefile", snakefile, "--cores", "2", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        nobody = "http://127.0.0.1:9"
        return os.environ | {"https_proxy": nobody, "HTTPS_PROXY": nobody, "no_proxy": "", "NO_PROXY": ""}

    def results(self) -> list[str]:
        """All files of the results but logs, as `<city>/...`."""
        root = self.folder / "results"
        return sorted(
            str(file.relative_to(root))
            for file in root.rglob("*")
            if file.is_file() and "logs" not in file.relative_to(root).parts
        )
