"""Sources: which files stand behind an accession, and how bytes get here.

All that comes from the network comes through :mod:`sevaxis.files.http`. The modules named after repositories know
where their files are; :mod:`sevaxis.files.repositories.accessions` knows which repository an accession belongs to.
"""
