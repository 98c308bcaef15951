rule download:
    output:
        # `update`: Snakemake must never delete a photo that was fetched once.
        picture=update(f"{STORE}/nasa/{{photo}}.jpg"),
        checksum=update(f"{STORE}/nasa/{{photo}}.jpg.sha256"),
    log:
        f"{STORE}/nasa/{{photo}}.log",
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
        nasa_connections=1,
    params:
        photo_id=lambda wildcards: wildcards.photo,
    message:
        "{wildcards.photo}: fetch the photo from NASA's archive"
    script:
        "../steps/download.py"
