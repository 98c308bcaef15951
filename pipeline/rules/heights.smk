rule heights:
    input:
        photo_facts=f"{PHOTO}/photo.json",
        geoid="data/geoid.tif",
    output:
        heights=f"{PHOTO}/heights.tif",
    log:
        f"{PHOTO}/logs/heights.log",
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
        copernicus_connections=1,
    params:
        location=plan.option("location"),
        grid=plan.option("grid"),
        store=str(STORE),
    message:
        "{wildcards.city}, {wildcards.photo}: fetch heights of the ground from Copernicus"
    script:
        "../steps/heights.py"
