rule georeference:
    input:
        light=f"{PHOTO}/photo.tif",
        photo_facts=f"{PHOTO}/photo.json",
        borders="data/borders.gpkg",
        control_points=plan.control_points,
    output:
        camera=f"{PHOTO}/camera.json",
        control=f"{PHOTO}/control.gpkg",
        picture=f"{PHOTO}/solve.png",
    log:
        f"{PHOTO}/logs/georeference.log",
    conda:
        "../../environment.yaml"
    threads: 2
    params:
        refused_picture=f"{PHOTO}/logs/refused.png",
    message:
        "{wildcards.city}, {wildcards.photo}: find where the photo looks"
    script:
        "../steps/georeference.py"
