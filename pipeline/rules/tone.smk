rule tone:
    input:
        ortho=f"{PHOTO}/ortho.tif",
        geometry=f"{PHOTO}/geometry.tif",
        photo_facts=f"{PHOTO}/photo.json",
    output:
        tone=f"{PHOTO}/tone.tif",
        light=f"{PHOTO}/light.tif",
        lamps=f"{PHOTO}/lamps.tif",
    log:
        f"{PHOTO}/logs/tone.log",
    conda:
        "../../environment.yaml"
    threads: 2
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        options=plan.option("tone"),
    message:
        "{wildcards.city}, {wildcards.photo}: measure light, tone and lamps"
    script:
        "../steps/tone.py"
