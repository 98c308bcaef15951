rule change:
    input:
        ancient(f"{CITY}/placed.json"),
        "data/borders.gpkg",
        tones=plan.each_placed("tone.tif"),
        lights=plan.each_placed("light.tif"),
        photo_facts=plan.each_placed("photo.json"),
        cameras=plan.each_placed("camera.json"),
    output:
        change=f"{CITY}/change.tif",
        style=f"{CITY}/change.qml",
    log:
        f"{CITY}/logs/change.log",
    conda:
        "../../environment.yaml"
    threads: 2
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        countries=plan.option("countries"),
    message:
        "{wildcards.city}: map what changed between dates"
    script:
        "../steps/change.py"
