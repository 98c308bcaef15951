"""What contrasts at a border are of: the column `quantity` of `contrasts`."""

TOWNS = "towns"  # a typical town, the headline
OFF_MOTORWAYS = "towns off motorways"
MOTORWAYS = "motorways"
ALL_LIGHT = "all light"
# As the subject of a sentence.
SUBJECTS = {
    TOWNS: "A typical town",
    OFF_MOTORWAYS: "A typical town without its motorways",
    MOTORWAYS: "A typical stretch of motorway",
    ALL_LIGHT: "All light together",
}
