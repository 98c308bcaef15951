rule region:
    input:
        ancient(plan.of_regions_cities("placed.json")),
        "data/borders.gpkg",
        squares=plan.each_pooled("squares.parquet"),
        cities=CITIES,
    output:
        borders=f"{REGION}/borders.gpkg",
    log:
        f"{REGION}/logs/region.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        region=plan.region,
    message:
        "{wildcards.region}: pool the photos of all its cities"
    script:
        "../steps/region.py"
