rule refusals:
    # Last of all, and only if a photo was refused: it says so and fails.
    input:
        *RESULTS,
        placed=plan.of_each_city("placed.json"),
    output:
        f"{plan.run.results}/refusals",
    log:
        f"{plan.run.results}/logs/refusals.log",
    localrule: True
    conda:
        "../../environment.yaml"
    message:
        "Photos were refused."
    script:
        "../steps/refusals.py"
