rule borders:
    input:
        "data/borders.gpkg",
        tones=plan.each_photo("tone.tif"),
        lights=plan.each_photo("light.tif"),
        photo_facts=plan.each_photo("photo.json"),
        cameras=plan.each_photo("camera.json"),
        motorways=plan.motorways,
        regions=plan.city_path("regions"),
        events="data/lighting_events.csv",
    output:
        borders=f"{CITY}/borders.gpkg",
    log:
        f"{CITY}/logs/borders.log",
    conda:
        "../../environment.yaml"
    params:
        countries=plan.option("countries"),
        options=plan.option("borders"),
    message:
        "{wildcards.city}: compare both sides of each border, and dates"
    script:
        "../steps/borders.py"
