"""Sources: which files stand behind an accession, and how bytes get here.

All that comes from the network comes through :mod:`sevaxis.sources.http`. The modules named after repositories know
where their files are; :mod:`sevaxis.sources.accessions` knows which repository an accession belongs to.
"""
