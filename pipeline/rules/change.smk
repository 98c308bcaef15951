rule change:
    input:
        "data/borders.gpkg",
        tones=plan.each_photo("tone.tif"),
        lights=plan.each_photo("light.tif"),
        photo_facts=plan.each_photo("photo.json"),
        cameras=plan.each_photo("camera.json"),
    output:
        change=f"{CITY}/change.tif",
    log:
        f"{CITY}/logs/change.log",
    conda:
        "../../environment.yaml"
    threads: 2
    params:
        countries=plan.option("countries"),
    message:
        "{wildcards.city}: map what changed between dates"
    script:
        "../steps/change.py"
