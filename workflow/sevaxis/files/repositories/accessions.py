"""Accessions: which files stand behind one, whatever its repository."""

from __future__ import annotations

import re

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.files.http import Failure
from sevaxis.files.repositories import biostudies, geo, pride
from sevaxis.files.repositories.remote import PUBLIC, Addresses, RemoteFile

#: Form of the accessions of a repository -> what lists their files.
REPOSITORIES = {
    geo.PATTERN: geo.list_series,
    pride.PATTERN: pride.list_project,
    biostudies.PATTERN: biostudies.list_study,
}


def is_accession(text: str) -> bool:
    """Whether a text is an accession of one of the repositories."""
    return any(re.fullmatch(pattern, text.strip().upper(), re.ASCII) for pattern in REPOSITORIES)


def resolve(accession: str, *, addresses: Addresses = PUBLIC) -> list[RemoteFile]:
    """Files behind an accession of GEO, PRIDE or ArrayExpress/BioStudies.

    Parameters
    ----------
    accession
        ``GSE281849``, ``PXD000022``, ``E-MTAB-1234``, in capitals or not.
    addresses
        Where the repositories answer.

    Raises
    ------
    Problems
        It is no such accession, or its files cannot be listed.
    """
    accession = accession.strip().upper()
    for pattern, list_files in REPOSITORIES.items():
        if re.fullmatch(pattern, accession, re.ASCII):
            try:
                return list_files(accession, addresses)
            except Failure as failure:
                raise Problems([_problem_of_listing(accession, failure)]) from failure
    refuse(
        "This is no accession that can be looked up",
        where="accession",
        found=accession,
        allowed="GSE..., PXD..., E-MTAB-... (or another study of BioStudies)",
        hint="give the address or the path of the file instead",
    )


def _problem_of_listing(accession: str, failure: Failure) -> Problem:
    return Problem(
        f"The files of {accession} cannot be listed",
        failure.url,
        failure.reason,
        "a public accession, and a connection to its repository",
        "check the connection, then run again; or download the files yourself and give their paths"
        if failure.kind in ("unreachable", "failed")
        else "check the accession in a browser; or download the files yourself and give their paths",
    )
