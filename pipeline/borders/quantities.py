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
ALL = "all"  # the photo of rows that are of all of them
# Sides that differ by less are called alike: a tenth in G/R, as log2. That is what "alike" means here.
EQUIVALENCE = 0.14
