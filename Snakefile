# Night photographs to light and tone across borders.
#
#   simulate | download -> acquire -> georeference -> place, grid (city) -> orthorectify -> tone
#     -> style, country_tones, squares, borders (city), change (city) -> deliver (city)
#
# The squares of several cities are pooled: region -> deliver_region.
#
# Where a city asks for them, night_light, streets and heights fetch the ground of each photo for georeference.
# Where places are needed they come from `cities`, which lists those of the world once a results folder.
#
# A refused photo stops nothing: from `place` on a city goes on with those that were placed, and the run ends
# with `refusals`, which names the others and fails. Until `place` has told, all photos are planned for.
#
# configs/run.yaml says which cities and regions, configs/<city>.yaml which photos and options,
# configs/regions/<region>.yaml which cities. Files between the steps lie in results/<city>/<photo>/,
# results/<city>/ and results/<region>/; a step is pipeline/steps/<step>.py.
from snakemake.exceptions import IncompleteCheckpointException

from pipeline.models import NAME
from pipeline.steps.forks import fork_steps
from pipeline.steps.interpreter import ALGEBRA_THREADS, find_python_through_path
from pipeline.steps.lock import hold_or_exit, is_held
from pipeline.steps.plan import plan_or_exit
from pipeline.steps.resources import memory_mb, runtime_min
from pipeline.steps.unfetched import forget_unfetched

find_python_through_path()
# After Snakemake's own, which gives the algebra as many threads as the rule.
shell.prefix(f"export {ALGEBRA_THREADS}=1; ")
plan = plan_or_exit(
    config, checkpoints, IncompleteCheckpointException, check=workflow.is_main_process
)
CITY = f"{plan.run.results}/{{city}}"
PHOTO = f"{CITY}/{{photo}}"
REGION = f"{plan.run.results}/{{region}}"
CITIES = f"{plan.run.results}/cities.parquet"
STORE = plan.run.photo_store
# What a killed run has left; not where this is a dry run beside one that goes on.
if workflow.is_main_process and not is_held(plan.run.results):
    forget_unfetched(STORE)
RASTERS = ("ortho", "geometry", "tone", "light", "lamps")
RESULTS = plan.results(
    of_city=["report.html", "{city}.qgz", "{city}.gpkg", "tables", "stac"],
    of_photo=[
        "solve.png",
        *(f"{raster}.tif" for raster in RASTERS),
        *(f"{raster}.qml" for raster in (*RASTERS, "photo_in_place")),
        "photo_in_place.vrt",
    ],
    of_dates=["change.tif", "change.qml"],
)
RESULTS += plan.region_results(
    ["report.html", "{region}.qgz", "{region}.gpkg", "{region}.csv"]
)
INDEX = f"{plan.run.results}/index.html"


wildcard_constraints:
    city="|".join(plan.cities),
    region="|".join(plan.regions) or "(?!)",  # nothing at all
    photo=NAME.pattern,


onstart:  # of a run that has something to do; neither of a dry run nor of jobs on a cluster's nodes
    hold_or_exit(plan.run.results)
    if workflow.local_exec:
        fork_steps()


onsuccess:
    forget_unfetched(STORE)
    logger.info(plan.summary(whole=True), extra={"of_the_run": True})


onerror:
    forget_unfetched(STORE)
    logger.info(plan.summary(whole=False), extra={"of_the_run": True})


rule all:
    input:
        *RESULTS,
        *plan.of_each_city("placed.json"),
        INDEX,
        plan.refusals,
    localrule: True
    message:
        "Done: see index.html, and the report.html of each city and region, or open its .qgz in QGIS."


include: "pipeline/rules/cities.smk"
include: "pipeline/rules/simulate.smk"
include: "pipeline/rules/download.smk"
include: "pipeline/rules/acquire.smk"
include: "pipeline/rules/night_light.smk"
include: "pipeline/rules/streets.smk"
include: "pipeline/rules/heights.smk"
include: "pipeline/rules/georeference.smk"
include: "pipeline/rules/place.smk"
include: "pipeline/rules/grid.smk"
include: "pipeline/rules/orthorectify.smk"
include: "pipeline/rules/tone.smk"
include: "pipeline/rules/style.smk"
include: "pipeline/rules/country_tones.smk"
include: "pipeline/rules/motorways.smk"
include: "pipeline/rules/squares.smk"
include: "pipeline/rules/borders.smk"
include: "pipeline/rules/change.smk"
include: "pipeline/rules/deliver.smk"
include: "pipeline/rules/region.smk"
include: "pipeline/rules/deliver_region.smk"
include: "pipeline/rules/index.smk"
include: "pipeline/rules/refusals.smk"
