rule motorways:
    output:
        motorways=f"{CITY}/motorways.gpkg",
    log:
        f"{CITY}/logs/motorways.log",
    localrule: True
    conda:
        "../../environment.yaml"
    resources:
        openstreetmap_connections=1,
    params:
        location=plan.option("location"),
        grid=plan.option("grid"),
    message:
        "{wildcards.city}: fetch motorways from OpenStreetMap"
    script:
        "../steps/motorways.py"
