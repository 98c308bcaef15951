"""What a rule runs: read inputs, call the package, write outputs whole. No science inside.

Takes: the files and options that the rules in `pipeline/rules/` name.
Gives: the files between the steps in `results/<city>/<photo>/` and `results/<city>/`.
"""
