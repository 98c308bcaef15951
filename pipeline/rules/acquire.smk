rule acquire:
    input:
        picture=plan.picture,
        facts=plan.facts,
        tle=plan.tle,
    output:
        light=f"{PHOTO}/photo.tif",
        photo_facts=f"{PHOTO}/photo.json",
    log:
        f"{PHOTO}/logs/acquire.log",
    conda:
        "../../environment.yaml"
    params:
        source=plan.photo_option,
        location=plan.option("location"),
    message:
        "{wildcards.city}, {wildcards.photo}: read the photo"
    script:
        "../steps/acquire.py"
