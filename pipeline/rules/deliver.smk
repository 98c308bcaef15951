rule deliver:
    input:
        plan.city_file,
        plan.each_photo("photo.json"),
        plan.each_photo("camera.json"),
        plan.each_photo("control.gpkg"),
        plan.each_photo("solve.png"),
        plan.each_photo("ortho.tif"),
        plan.each_photo("geometry.tif"),
        plan.each_photo("tone.tif"),
        plan.each_photo("light.tif"),
        plan.each_photo("lamps.tif"),
        grid=f"{CITY}/grid.json",
        compared=f"{CITY}/borders.gpkg",
        change=plan.change,
        borders="data/borders.gpkg",
        motorways=plan.motorways,
    output:
        geopackage=f"{CITY}/{{city}}.gpkg",
        qgis=f"{CITY}/{{city}}.qgz",
        report=f"{CITY}/report.html",
    log:
        f"{CITY}/logs/deliver.log",
    conda:
        "../../environment.yaml"
    params:
        name=lambda wildcards: wildcards.city,
        city=plan.city,
        folders=plan.each_photo(""),
    message:
        "{wildcards.city}: write the report, the GeoPackage and the QGIS project"
    script:
        "../steps/deliver.py"
