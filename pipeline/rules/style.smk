rule style:
    input:
        photo_facts=f"{PHOTO}/photo.json",
        camera=f"{PHOTO}/camera.json",
        position=f"{PHOTO}/geometry.tif",
    output:
        ortho=f"{PHOTO}/ortho.qml",
        geometry=f"{PHOTO}/geometry.qml",
        tone=f"{PHOTO}/tone.qml",
        light=f"{PHOTO}/light.qml",
        lamps=f"{PHOTO}/lamps.qml",
        photo_in_place=f"{PHOTO}/photo_in_place.qml",
        place=f"{PHOTO}/photo_in_place.vrt",
    log:
        f"{PHOTO}/logs/style.log",
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    message:
        "{wildcards.city}, {wildcards.photo}: style its maps for QGIS"
    script:
        "../steps/style.py"
