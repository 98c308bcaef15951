rule motorways:
    input:
        # `ancient`: what was fetched is fetched anew only when its file is deleted.
        by_hand=ancient("data/motorways.gpkg"),
    output:
        motorways=f"{CITY}/motorways.gpkg",
    log:
        f"{CITY}/logs/motorways.log",
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
        openstreetmap_connections=1,
    params:
        location=plan.option("location"),
        grid=plan.option("grid"),
    message:
        "{wildcards.city}: fetch motorways from OpenStreetMap"
    script:
        "../steps/motorways.py"
