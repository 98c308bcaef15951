rule streets:
    input:
        photo_facts=f"{PHOTO}/photo.json",
    output:
        streets=f"{PHOTO}/streets.gpkg",
    log:
        f"{PHOTO}/logs/streets.log",
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
        openstreetmap_connections=1,
    params:
        store=str(STORE),
    message:
        "{wildcards.city}, {wildcards.photo}: fetch streets from OpenStreetMap"
    script:
        "../steps/streets.py"
