rule simulate:
    input:
        streets="data/streets_liege.parquet",
        motorways="data/motorways.gpkg",
        countries="data/borders.gpkg",
        cities=CITIES,
    output:
        picture=f"{PHOTO}/scene.jpg",
        facts=f"{PHOTO}/scene.yaml",
        truth=f"{PHOTO}/truth.json",
        lights=f"{PHOTO}/truth_lights.parquet",
        known_motorways=f"{PHOTO}/motorways.gpkg",
    log:
        f"{PHOTO}/logs/simulate.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        source=plan.photo_option,
    message:
        "{wildcards.city}, {wildcards.photo}: simulate a night scene"
    script:
        "../steps/simulate.py"
