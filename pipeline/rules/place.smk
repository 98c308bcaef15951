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
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    message:
        "{wildcards.city}: see which photos could be placed"
    script:
        "../steps/place.py"
