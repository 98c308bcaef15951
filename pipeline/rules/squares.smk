rule squares:
    input:
        tone=f"{PHOTO}/tone.tif",
        light=f"{PHOTO}/light.tif",
        photo_facts=f"{PHOTO}/photo.json",
        camera=f"{PHOTO}/camera.json",
        motorways=plan.motorways,
        borders="data/borders.gpkg",
    output:
        squares=f"{PHOTO}/squares.parquet",
    log:
        f"{PHOTO}/logs/squares.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        contents=plan.contents(plan.motorways),
    message:
        "{wildcards.city}, {wildcards.photo}: sum its light over squares of ground"
    script:
        "../steps/squares.py"
