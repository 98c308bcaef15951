rule acquire:
    input:
        # `ancient`: its content counts, not its date.
        picture=ancient(plan.picture),
        facts=plan.facts,
        tle=plan.tle,
        vignetting=plan.vignetting,
        cameras="data/cameras.csv",
    output:
        light=f"{PHOTO}/photo.tif",
        photo_facts=f"{PHOTO}/photo.json",
    log:
        f"{PHOTO}/logs/acquire.log",
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        contents=plan.contents(plan.picture, plan.facts, plan.tle, plan.vignetting),
        source=plan.photo_option,
        location=plan.option("location"),
        own_cameras=plan.option("cameras"),
    message:
        "{wildcards.city}, {wildcards.photo}: read the photo"
    script:
        "../steps/acquire.py"
