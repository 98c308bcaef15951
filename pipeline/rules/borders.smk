rule borders:
    input:
        ancient(f"{CITY}/placed.json"),
        "data/borders.gpkg",
        tones=plan.each_placed("tone.tif"),
        lights=plan.each_placed("light.tif"),
        photo_facts=plan.each_placed("photo.json"),
        cameras=plan.each_placed("camera.json"),
        squares=plan.each_placed("squares.parquet"),
        cities=CITIES,
        motorways=plan.motorways,
        regions=plan.city_path("regions"),
        events="data/lighting_events.csv",
    output:
        borders=f"{CITY}/borders.gpkg",
    log:
        f"{CITY}/logs/borders.log",
    conda:
        "../../environment.yaml"
    threads: 2
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        contents=plan.contents(plan.motorways, plan.city_path("regions")),
        countries=plan.option("countries"),
        options=plan.option("borders"),
    message:
        "{wildcards.city}: compare both sides of each border, and dates"
    script:
        "../steps/borders.py"
