rule country_tones:
    input:
        tone=f"{PHOTO}/tone.tif",
        light=f"{PHOTO}/light.tif",
        geometry=f"{PHOTO}/geometry.tif",
        lamps=f"{PHOTO}/lamps.tif",
        photo_facts=f"{PHOTO}/photo.json",
        camera=f"{PHOTO}/camera.json",
        borders="data/borders.gpkg",
    output:
        country_tones=f"{PHOTO}/country_tones.gpkg",
    log:
        f"{PHOTO}/logs/country_tones.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    message:
        "{wildcards.city}, {wildcards.photo}: tone of each country, and its lamps"
    script:
        "../steps/country_tones.py"
