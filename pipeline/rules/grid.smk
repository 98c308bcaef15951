rule grid:
    input:
        ancient(f"{CITY}/placed.json"),
        cameras=plan.each_placed("camera.json"),
    output:
        grid=f"{CITY}/grid.json",
    log:
        f"{CITY}/logs/grid.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        location=plan.option("location"),
        options=plan.option("grid"),
    message:
        "{wildcards.city}: lay out the map grid"
    script:
        "../steps/grid.py"
