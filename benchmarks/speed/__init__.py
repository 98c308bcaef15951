"""How long the work takes, beside its peers and what was asked: a JSON a part, one page of all."""
