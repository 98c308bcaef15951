rule deliver_region:
    input:
        plan.region_file,
        pooled=f"{REGION}/borders.gpkg",
        borders="data/borders.gpkg",
        cities=CITIES,
    output:
        geopackage=f"{REGION}/{{region}}.gpkg",
        qgis=f"{REGION}/{{region}}.qgz",
        contrasts=f"{REGION}/{{region}}.csv",
        summary=f"{REGION}/summary.json",
        report=f"{REGION}/report.html",
    log:
        f"{REGION}/logs/deliver_region.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        region=plan.region,
    message:
        "{wildcards.region}: write the report, the GeoPackage, the CSV and the QGIS project"
    script:
        "../steps/deliver_region.py"
