rule index:
    input:
        summaries=plan.summaries,
        placed=plan.of_each_city("placed.json"),
        borders="data/borders.gpkg",
    output:
        index=INDEX,
    log:
        f"{plan.run.results}/logs/index.log",
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        titles={name: city.name for name, city in plan.cities.items()},
        empty_regions=plan.empty_regions,
    message:
        "List all cities and regions on one page."
    script:
        "../steps/index.py"
