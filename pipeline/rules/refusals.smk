rule refusals:
    # Last of all, and only if a photo was refused: it says so and fails.
    input:
        *RESULTS,
        placed=plan.of_each_city("placed.json"),
    output:
        f"{plan.run.results}/refusals",
    log:
        f"{plan.run.results}/logs/refusals.log",
    retries: 0
    localrule: True
    conda:
        "../../environment.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb,
        runtime=runtime_min,
    params:
        empty_regions=plan.empty_regions,
    message:
        "Photos were refused."
    script:
        "../steps/refusals.py"
