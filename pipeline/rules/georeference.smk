rule georeference:
    input:
        light=f"{PHOTO}/photo.tif",
        photo_facts=f"{PHOTO}/photo.json",
        borders="data/borders.gpkg",
        cities=CITIES,
        control_points=plan.control_points,
        roads=plan.ground("roads"),
        night_light=plan.ground("night_light"),
        dem=plan.ground("dem"),
        relief="data/relief.csv",
        pass_light=plan.same_pass("photo.tif"),
        pass_facts=plan.same_pass("photo.json"),
    output:
        camera=f"{PHOTO}/camera.json",
        control=f"{PHOTO}/control.gpkg",
        picture=f"{PHOTO}/solve.png",
    log:
        f"{PHOTO}/logs/georeference.log",
    conda:
        "../../environment.yaml"
    threads: 2
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        heights=plan.heights,
    message:
        "{wildcards.city}, {wildcards.photo}: find where the photo looks"
    script:
        "../steps/georeference.py"
