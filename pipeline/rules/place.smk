checkpoint place:
    input:
        cameras=plan.each_photo("camera.json"),
    output:
        placed=f"{CITY}/placed.json",
    log:
        f"{CITY}/logs/place.log",
    localrule: True
    conda:
        "../../environment.yaml"
    message:
        "{wildcards.city}: see which photos could be placed"
    script:
        "../steps/place.py"
