"""The motorways of build_motorways.py as places they pass, longitude and latitude in degrees (WGS84)."""

from dataclasses import dataclass

Xy = tuple[float, float]


@dataclass(frozen=True)
class Osm:
    """A leg along OpenStreetMap's motorways from the node nearest to one place to that nearest to another."""

    start: Xy
    end: Xy


@dataclass(frozen=True)
class Hand:
    """A leg drawn by hand; it may be off by `error_m`."""

    error_m: float
    points: tuple[Xy, ...]


@dataclass(frozen=True)
class Route:
    """A European route with its national number in each country, as legs in order."""

    ref: str
    names: dict[str, str]
    legs: tuple[Osm | Hand, ...]


# Nodes of the Liège streets.
E40_WEST, E40_EAST = (5.1757, 50.6997), (5.8261, 50.6357)
E42_WEST, E25_SOUTH, E25_NORTH = (5.2247, 50.5864), (5.5986, 50.5669), (5.6931, 50.7474)
LONCIN_SOUTH, LONCIN = (5.4870, 50.6641), (5.4919, 50.6682)
E313_NORTH, VOTTEM = (5.4079, 50.8945), (5.5701, 50.6752)

ROUTES = (
    Route(
        "E25",
        {"BE": "A26, A602, A3, A25", "NL": "A2"},
        (
            Osm(E25_SOUTH, E25_NORTH),
            Hand(300, ((5.6965, 50.7525), (5.7010, 50.7580), (5.7080, 50.7630))),
            Hand(
                1000,
                (
                    (5.7190, 50.7760),  # Eijsden
                    (5.7240, 50.7950),
                    (5.7255, 50.8100),  # Gronsveld
                    (5.7160, 50.8350),  # Maastricht, Europaplein
                    (5.7120, 50.8600),  # Maastricht, Geusselt
                    (5.7330, 50.8840),  # Kruisdonk
                    (5.7560, 50.9130),  # airport
                    (5.7800, 50.9380),  # Beek, Elsloo
                    (5.7920, 50.9575),  # Kerensheide
                    (5.7960, 50.9900),  # Urmond
                    (5.8190, 51.0290),  # Born
                    (5.8440, 51.0750),  # Roosteren
                    (5.8600, 51.1050),  # Echt
                    (5.8740, 51.1250),  # Het Vonderen
                    (5.8760, 51.1500),  # Wessem
                    (5.8420, 51.1880),  # Grathem
                    (5.8050, 51.2200),  # Kelpen
                    (5.7420, 51.2700),  # Nederweert
                    (5.6900, 51.2790),  # Weert
                    (5.6150, 51.3050),  # Maarheeze
                    (5.5500, 51.3480),  # Leende
                    (5.5050, 51.4020),  # Leenderheide
                    (5.4550, 51.4020),
                    (5.4180, 51.4060),  # De Hogt
                ),
            ),
        ),
    ),
    Route(
        "E40",
        {"BE": "A3", "DE": "A44, A4"},
        (
            Hand(
                1000,
                (
                    (4.4520, 50.8680),  # Sint-Stevens-Woluwe
                    (4.5200, 50.8620),  # Sterrebeek
                    (4.6280, 50.8540),  # Bertem
                    (4.6600, 50.8540),  # Heverlee
                    (4.7370, 50.8370),  # Haasrode
                    (4.8380, 50.8150),  # Boutersem
                    (4.9000, 50.7850),  # Hoegaarden
                    (4.9550, 50.7680),  # Tienen
                    (5.0300, 50.7380),
                    (5.0800, 50.7120),  # Walshoutem
                    (5.1300, 50.7020),
                ),
            ),
            Osm(E40_WEST, E40_EAST),
            Hand(
                1000,
                (
                    (5.8420, 50.6370),  # Battice
                    (5.8750, 50.6430),  # Thimister
                    (5.9300, 50.6480),
                    (5.9960, 50.6540),  # Eupen
                    (6.0480, 50.6700),  # Walhorn
                ),
            ),
            Hand(
                500,
                (
                    (6.0800, 50.6870),  # Eynatten
                    (6.1000, 50.7020),
                    (6.1215, 50.7205),  # Lichtenbusch
                    (6.1350, 50.7300),
                ),
            ),
            Hand(
                1000,
                (
                    (6.1640, 50.7530),  # Aachen-Brand
                    (6.1740, 50.7800),  # Eilendorf
                    (6.1640, 50.8060),  # Kreuz Aachen
                    (6.2250, 50.8080),  # Eschweiler-West
                    (6.2760, 50.8290),  # Eschweiler-Ost
                    (6.3260, 50.8380),  # Weisweiler
                    (6.4200, 50.8400),  # Langerwehe
                    (6.4720, 50.8450),  # Düren
                ),
            ),
        ),
    ),
    Route(
        "E314",
        {"BE": "A2", "NL": "A76", "DE": "A4"},
        (
            Hand(
                1000,
                (
                    (4.6600, 50.8540),  # Heverlee
                    (4.6560, 50.8900),  # Winksele
                    (4.7100, 50.9150),  # Wilsele
                    (4.7700, 50.9230),  # Holsbeek
                    (4.8600, 50.9350),  # Tielt-Winge
                    (4.9700, 50.9470),  # Bekkevoort
                    (5.1000, 50.9620),  # Halen
                    (5.2150, 50.9680),  # Lummen
                    (5.3100, 50.9920),  # Zolder
                    (5.3950, 50.9920),  # Houthalen
                    (5.4700, 50.9930),  # Genk-West
                    (5.5600, 50.9920),  # Genk-Oost
                    (5.6300, 50.9780),
                    (5.6950, 50.9570),  # Maasmechelen
                ),
            ),
            Hand(500, ((5.7300, 50.9535), (5.7450, 50.9570), (5.7620, 50.9600))),  # Scharberg bridge
            Hand(
                1000,
                (
                    (5.7920, 50.9575),  # Kerensheide
                    (5.8300, 50.9530),  # Geleen
                    (5.8600, 50.9370),  # Spaubeek
                    (5.8860, 50.9120),  # Nuth
                    (5.9300, 50.8900),  # Ten Esschen
                    (5.9430, 50.8720),  # Kunderberg
                    (5.9800, 50.8520),  # Simpelveld
                ),
            ),
            Hand(500, ((6.0080, 50.8320), (6.0200, 50.8260), (6.0330, 50.8190))),  # Bocholtz, Vetschau
            Hand(
                1000,
                (
                    (6.0600, 50.8060),  # Laurensberg
                    (6.1000, 50.8090),  # Aachen-Zentrum
                    (6.1320, 50.8110),  # Würselen
                    (6.1640, 50.8060),  # Kreuz Aachen
                ),
            ),
        ),
    ),
    Route(
        "E313",
        {"BE": "A13"},
        (
            Hand(
                1000,
                (
                    (4.4600, 51.2130),  # Antwerp
                    (4.5350, 51.2030),  # Wommelgem
                    (4.5750, 51.1930),  # Ranst
                    (4.6400, 51.1960),  # Massenhoven
                    (4.7800, 51.1680),  # Herentals-West
                    (4.8530, 51.1560),  # Herentals-Oost
                    (4.9400, 51.1300),  # Geel-West
                    (5.0200, 51.1100),  # Geel-Oost
                    (5.1500, 51.0750),  # Ham
                    (5.2100, 51.0300),  # Beringen
                    (5.2150, 50.9680),  # Lummen
                    (5.2800, 50.9330),  # Hasselt-West
                    (5.3500, 50.9080),  # Hasselt-Zuid
                ),
            ),
            Osm(E313_NORTH, VOTTEM),
        ),
    ),
    Route(
        "E42",
        {"BE": "A15, A3, A27", "DE": "A60"},
        (
            Hand(
                1000,
                (
                    (4.8850, 50.5150),  # Daussoulx
                    (4.9800, 50.5400),  # Fernelmont
                    (5.1000, 50.5500),  # Andenne
                    (5.1850, 50.5720),  # Huy
                ),
            ),
            Osm(E42_WEST, LONCIN_SOUTH),
            Hand(100, ()),  # a ramp
            Osm(LONCIN, E40_EAST),
            Hand(
                1500,
                (
                    (5.8400, 50.6360),  # Battice
                    (5.8480, 50.6200),  # Chaineux
                    (5.8350, 50.5950),  # Lambermont
                    (5.8600, 50.5700),  # Heusy
                    (5.8720, 50.5380),  # Polleur
                    (5.9150, 50.5120),  # Sart
                    (5.9600, 50.4650),  # Francorchamps
                    (6.0100, 50.4400),
                    (6.0550, 50.4150),  # Malmedy
                    (6.0900, 50.3700),
                    (6.1250, 50.3200),
                    (6.1450, 50.2850),  # Sankt Vith
                ),
            ),
            Hand(1000, ((6.1700, 50.2630), (6.1900, 50.2490), (6.2080, 50.2400))),  # Steinebrück
            Hand(1500, ((6.2250, 50.2300), (6.2900, 50.2120), (6.3950, 50.1900))),  # Winterspelt, Prüm
        ),
    ),
    Route(
        "E411",
        {"BE": "A4", "LU": "A6"},
        (
            Hand(
                1500,
                (
                    (4.8850, 50.5150),  # Daussoulx
                    (4.9350, 50.4650),  # Namur
                    (4.9700, 50.3900),  # Courrière
                    (5.0150, 50.3050),  # Achêne
                    (5.0900, 50.1700),  # Rochefort
                    (5.1150, 50.0900),  # Wellin
                    (5.2000, 50.0050),  # Transinne
                    (5.3400, 49.9150),  # Recogne
                    (5.4350, 49.8600),  # Neufchâteau
                    (5.5450, 49.7930),  # Léglise
                    (5.6500, 49.7330),  # Habay
                    (5.7700, 49.6870),  # Arlon
                    (5.8380, 49.6530),  # Weyler
                ),
            ),
            Hand(1000, ((5.8650, 49.6430), (5.8880, 49.6385), (5.9100, 49.6380))),  # Sterpenich
            Hand(
                1000,
                (
                    (5.9600, 49.6410),  # Windhof
                    (5.9850, 49.6390),  # Capellen
                    (6.0330, 49.6300),  # Mamer
                    (6.0700, 49.6100),  # Strassen
                    (6.1080, 49.5850),  # Cessange
                ),
            ),
        ),
    ),
    Route(
        "E19",
        {"BE": "A1", "NL": "A16"},
        (
            Hand(
                1000,
                (
                    (4.4450, 51.2700),  # Antwerp-Noord
                    (4.5350, 51.3030),  # Sint-Job-in-'t-Goor
                    (4.6150, 51.3480),  # Brecht
                    (4.6700, 51.4050),  # Loenhout
                    (4.7150, 51.4550),  # Meer
                ),
            ),
            Hand(1000, ((4.7300, 51.4780), (4.7400, 51.4950), (4.7480, 51.5080))),  # Hazeldonk
            Hand(1000, ((4.7580, 51.5350), (4.7300, 51.5600), (4.7200, 51.5830))),  # Galder, Princeville
        ),
    ),
)
