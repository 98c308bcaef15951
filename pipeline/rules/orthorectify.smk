rule orthorectify:
    input:
        light=f"{PHOTO}/photo.tif",
        camera=f"{PHOTO}/camera.json",
        photo_facts=f"{PHOTO}/photo.json",
        grid=f"{CITY}/grid.json",
        dem=plan.ground("dem"),
    output:
        ortho=f"{PHOTO}/ortho.tif",
        geometry=f"{PHOTO}/geometry.tif",
    log:
        f"{PHOTO}/logs/orthorectify.log",
    conda:
        "../../environment.yaml"
    threads: 2
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        heights=plan.heights,
    message:
        "{wildcards.city}, {wildcards.photo}: bring the photo onto the map"
    script:
        "../steps/orthorectify.py"
