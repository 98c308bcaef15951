rule night_light:
    input:
        photo_facts=f"{PHOTO}/photo.json",
    output:
        night_light=f"{PHOTO}/night_light.tif",
    log:
        f"{PHOTO}/logs/night_light.log",
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
        nasa_connections=1,
    params:
        store=str(STORE),
    message:
        "{wildcards.city}, {wildcards.photo}: fetch a satellite's night light from NASA"
    script:
        "../steps/night_light.py"
