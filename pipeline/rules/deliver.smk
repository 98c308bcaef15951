rule deliver:
    input:
        plan.city_file,
        plan.each_placed("photo.json"),
        plan.each_placed("camera.json"),
        plan.each_placed("control.gpkg"),
        plan.each_placed("solve.png"),
        plan.each_placed("ortho.tif"),
        plan.each_placed("geometry.tif"),
        plan.each_placed("tone.tif"),
        plan.each_placed("light.tif"),
        plan.each_placed("lamps.tif"),
        plan.each_placed("country_tones.gpkg"),
        placed=f"{CITY}/placed.json",
        grid=f"{CITY}/grid.json",
        compared=f"{CITY}/borders.gpkg",
        change=plan.change,
        borders="data/borders.gpkg",
        motorways=plan.motorways,
        cities=CITIES,
    output:
        geopackage=f"{CITY}/{{city}}.gpkg",
        qgis=f"{CITY}/{{city}}.qgz",
        report=f"{CITY}/report.html",
    log:
        f"{CITY}/logs/deliver.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        city=plan.city,
    message:
        "{wildcards.city}: write the report, the GeoPackage and the QGIS project"
    script:
        "../steps/deliver.py"
