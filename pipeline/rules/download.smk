rule download:
    output:
        # `update`: Snakemake must never delete a photo that was fetched once.
        picture=update(f"{STORE}/nasa/{{photo}}.jpg"),
    log:
        f"{STORE}/nasa/{{photo}}.log",
    localrule: True
    conda:
        "../../environment.yaml"
    resources:
        nasa_connections=1,
    params:
        photo_id=lambda wildcards: wildcards.photo,
    message:
        "{wildcards.photo}: fetch the photo from NASA's archive"
    script:
        "../steps/download.py"
