"""Files behind accessions, asked of a server on loopback that answers as the repositories do.

The pages and records have the form of recorded answers: NCBI's Apache index (parent as an absolute path, a link of the
site's below), its filelist.txt, the links of its download page, PRIDE's version 3 records with locations in either
order, and BioStudies' pages.
"""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from sevaxis.base.problems import Problems
from sevaxis.files.http import Patience
from sevaxis.files.repositories.accessions import is_accession, resolve
from sevaxis.files.repositories.geo import extract_samples
from sevaxis.files.repositories.remote import Addresses, kind_of

from tests.loopback import REFUSING, Answer

HASTE = Patience(
    attempts=2, connect_seconds=1, read_seconds=1, first_wait=0.01, longest_wait=0.1, total_seconds=5
)


def addresses(server) -> Addresses:
    return server.repositories(HASTE, pride_files="https://ftp.pride.ebi.ac.uk/")


def told(files) -> dict[str, tuple]:
    return {file.name: (file.kind, file.bytes) for file in files}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("GSE281849", True),
        (" gse2 ", True),
        ("PXD000022", True),
        ("prd000123", True),
        ("E-MTAB-17485", True),
        ("S-BSST717", True),
        ("GSM123", False),
        ("GSE", False),
        ("GSE12/../x", False),
        ("GSE1\n", True),  # a stray line end is not part of it
        ("GSE١٢", False),
        ("https://example.org/GSE1", False),
        ("counts.tsv", False),
    ],
)
def test_forms_of_accessions(text, answer):
    assert is_accession(text) is answer


def test_other_texts_are_problems():
    with pytest.raises(Problems, match="no accession that can be looked up"):
        resolve("GSM123")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("GSE1_RAW.tar", "archive"),
        ("GSE1_counts.txt.gz", "table"),
        ("GSE1_Compiled.Data.XLSX", "table"),
        ("GSM1_ReadsPerGene.out.tab.gz", "table"),
        ("PXD1.sdrf.tsv", "samples"),
        ("E-MTAB-1.sdrf.txt", "samples"),
        ("sdrf-template.docx", "samples"),
        ("run1.raw", "raw"),
        ("run1.mzML.gz", "raw"),
        ("readme.pdf", "other"),
        ("LICENSE", "other"),
    ],
)
def test_kinds_by_name(name, kind):
    assert kind_of(name) == kind


# GEO


def index(folder: str, *links: str) -> bytes:
    """Apache's index as NCBI serves it."""
    rows = "\n".join(f'<a href="{link}">{link}</a>   2024-12-02 10:01  1.2M' for link in links)
    return f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of {folder}</title></head><body><h1>Index of {folder}</h1>
<pre><a href="?C=N;O=D">Name</a>  Last modified  Size  <hr><a href="/geo/series/GSE281nnn/">Parent Directory</a>   -
{rows}
<hr></pre>
<a href="https://www.hhs.gov/vulnerability-disclosure-policy/index.html">HHS Vulnerability Disclosure</a>
</body></html>""".encode()


FOLDER = "/geo/series/GSE281nnn/GSE281849"
EMPTY_PAGE = b"<html><body>Download GSE281849</body></html>"


def test_series(server):
    server.serve(f"{FOLDER}/matrix/", index(f"{FOLDER}/matrix", "GSE281849_series_matrix.txt.gz"))
    server.serve(
        f"{FOLDER}/suppl/",
        index(f"{FOLDER}/suppl", "GSE281849_RAW.tar", "GSE281849_counts%20%28all%29.txt.gz", "filelist.txt"),
    )
    server.serve(
        f"{FOLDER}/suppl/filelist.txt",
        b"#Archive/File\tName\tTime\tSize\tType\n"
        b"Archive\tGSE281849_RAW.tar\t02/03/2026 00:42:34\t1013760\tTAR\n"
        b"File\tGSM1_counts.txt.gz\t10/20/2023 08:02:03\t166519\tTXT\n",
    )
    link = "/geo/download/?type=rnaseq_counts&amp;acc={}&amp;format=file&amp;file={}"
    page = "<html><body>" + "".join(
        f'<a href="{href}">x</a>'
        for href in (
            link.format("GSE281849", "GSE281849_raw_counts_GRCh38.p13_NCBI.tsv.gz"),
            link.format("GSE281849", "GSE281849_norm_counts_TPM_GRCh38.p13_NCBI.tsv.gz"),
            link.format("GSE1", "GSE1_raw_counts_GRCh38.p13_NCBI.tsv.gz"),
            "/geo/download/?type=rnaseq_counts&amp;format=file&amp;file=Human.GRCh38.p13.annot.tsv.gz",
            "ftp://ftp.ncbi.nlm.nih.gov/geo/series/GSE281nnn/GSE281849/matrix/GSE281849_series_matrix.txt.gz",
        )
    )
    server.serve("/geo/download/?acc=GSE281849", page.encode())
    files = resolve("gse281849", addresses=addresses(server))
    assert told(files) == {
        "GSE281849_series_matrix.txt.gz": ("series_matrix", None),
        "GSE281849_RAW.tar": ("archive", 1013760),
        "GSE281849_counts (all).txt.gz": ("table", None),
        "GSE281849_raw_counts_GRCh38.p13_NCBI.tsv.gz": ("counts", None),
        "Human.GRCh38.p13.annot.tsv.gz": ("features", None),
    }
    urls = {file.name: file.url for file in files}
    assert (
        urls["GSE281849_counts (all).txt.gz"]
        == server.url + FOLDER + "/suppl/GSE281849_counts%20%28all%29.txt.gz"
    )
    assert urls["GSE281849_raw_counts_GRCh38.p13_NCBI.tsv.gz"] == (
        server.url
        + "/geo/download/?type=rnaseq_counts&acc=GSE281849&format=file&file=GSE281849_raw_counts_GRCh38.p13_NCBI.tsv.gz"
    )


@pytest.mark.parametrize(
    ("accession", "folder"),
    [
        ("GSE2", "GSEnnn/GSE2"),
        ("GSE567", "GSEnnn/GSE567"),
        ("GSE1234", "GSE1nnn/GSE1234"),
        ("GSE12345", "GSE12nnn/GSE12345"),
        ("GSE281849", "GSE281nnn/GSE281849"),
    ],
)
def test_folders_of_series(server, accession, folder):
    """GEO's documentation: 'GSE1nnn' holds GSE1000 to GSE1999; those below 1000 are in 'GSEnnn'."""
    names = [f"{accession}-GPL96_series_matrix.txt.gz", f"{accession}-GPL97_series_matrix.txt.gz"]
    server.serve(f"/geo/series/{folder}/matrix/", index(folder, *names))
    server.serve(f"/geo/download/?acc={accession}", EMPTY_PAGE)
    assert [file.name for file in resolve(accession, addresses=addresses(server))] == names


def test_a_403_under_load_is_not_an_empty_folder(server):
    server.serve(f"{FOLDER}/matrix/", index(FOLDER, "GSE281849_series_matrix.txt.gz"))
    server.serve(f"{FOLDER}/suppl/", Answer(status=403), Answer(index(FOLDER, "GSE281849_counts.csv.gz")))
    server.serve("/geo/download/?acc=GSE281849", EMPTY_PAGE)
    assert "GSE281849_counts.csv.gz" in told(resolve("GSE281849", addresses=addresses(server)))


def test_a_403_that_stays_is_an_empty_folder(server):
    server.serve(f"{FOLDER}/matrix/", index(FOLDER, "GSE281849_series_matrix.txt.gz"))
    server.serve(f"{FOLDER}/suppl/", Answer(b"<h1>Access forbidden!</h1>", status=403))
    server.serve("/geo/download/?acc=GSE281849", EMPTY_PAGE)
    assert list(told(resolve("GSE281849", addresses=addresses(server)))) == ["GSE281849_series_matrix.txt.gz"]


def test_names_that_lead_elsewhere_are_left_out(server):
    links = (
        "a/../../../etc/passwd",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5cx.txt",
        "-rf.txt",
        "https://evil.example.org/GSE281849_counts.txt.gz",
        "//evil.example.org/x.txt",
        "sub/",
        "GSE281849_good.txt.gz",
    )
    server.serve(f"{FOLDER}/matrix/", index(FOLDER, *links))
    server.serve("/geo/download/?acc=GSE281849", EMPTY_PAGE)
    assert list(told(resolve("GSE281849", addresses=addresses(server)))) == ["GSE281849_good.txt.gz"]


def test_series_that_does_not_exist(server):
    with pytest.raises(Problems, match="no such series"):
        resolve("GSE281849", addresses=addresses(server))


def test_broken_server_is_not_an_empty_series(server):
    server.serve(f"{FOLDER}/matrix/", Answer(status=503))
    with pytest.raises(Problems, match="503"):
        resolve("GSE281849", addresses=addresses(server))


def test_no_network():
    with pytest.raises(Problems, match=r"no connection to 127\.0\.0\.1"):
        resolve("GSE281849", addresses=Addresses(geo=REFUSING, patience=HASTE))


def test_samples_of_a_raw_tar(tmp_path):
    names = ["GSM12_b.txt.gz", "GSM1_a.txt.gz", "GSM1_a.summary.txt", "GSE9_readme.txt"]
    with tarfile.open(tmp_path / "GSE9_RAW.tar", "w") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
    found = extract_samples(tmp_path / "GSE9_RAW.tar", tmp_path / "samples")
    assert {key: [path.name for path in paths] for key, paths in found.items()} == {
        "GSM1": ["GSM1_a.summary.txt", "GSM1_a.txt.gz"],
        "GSM12": ["GSM12_b.txt.gz"],
    }
    assert found["GSM12"][0].read_bytes() == b"GSM12_b.txt.gz"


# PRIDE


def record(name: str, category: str, accession: str, *, aspera_first: bool = False, **more) -> dict:
    """A file as version 3 of PRIDE's API tells it."""
    path = f"pride/data/archive/2013/08/PXD000022/{name}"
    places = [
        {"@type": "CvParam", "cvLabel": "PRIDE", "accession": "PRIDE:0000469", "name": "FTP Protocol"},
        {"@type": "CvParam", "cvLabel": "PRIDE", "accession": "PRIDE:0000468", "name": "Aspera Protocol"},
    ]
    places[0]["value"] = f"ftp://ftp.pride.ebi.ac.uk/{path}"
    places[1]["value"] = f"prd_ascp@fasp.ebi.ac.uk:{path}"
    return {
        "projectAccessions": ["PXD000022"],
        "fileCategory": {"@type": "CvParam", "cvLabel": "PRIDE", "accession": accession, "value": category},
        "checksum": "a4420dd9f5c5833371b5623cebd6742d36888241",
        "publicFileLocations": places[::-1] if aspera_first else places,
        "fileSizeBytes": 263968636,
        "fileName": name,
    } | more


def test_project(server):
    answer = [
        record("run1.raw", "RAW", "PRIDE:0000404"),
        record("run2", "RAW", "PRIDE:0000404"),
        record("MaxQuant txt #2.zip", "SEARCH", "PRIDE:0000408", aspera_first=True),
        record("PXD000022.sdrf.tsv", "EXPERIMENTAL DESIGN", "PRIDE:0000584", fileSizeBytes=1200),
        record("design.tsv", "EXPERIMENTAL DESIGN", "PRIDE:0000584"),
        record("../../escape.txt", "OTHER", "PRIDE:0000412"),
        record("aspera_only.txt", "OTHER", "PRIDE:0000412", publicFileLocations=[]),
    ]
    server.serve("/pride/v3/projects/PXD000022/files/all", json.dumps(answer).encode())
    files = resolve("PXD000022", addresses=addresses(server))
    assert told(files) == {
        "run1.raw": ("raw", 263968636),
        "run2": ("raw", 263968636),
        "MaxQuant txt #2.zip": ("archive", 263968636),
        "PXD000022.sdrf.tsv": ("samples", 1200),
        "design.tsv": ("samples", 263968636),
    }
    assert files[0].url == "https://ftp.pride.ebi.ac.uk/pride/data/archive/2013/08/PXD000022/run1.raw"
    assert files[2].url.endswith("/PXD000022/MaxQuant txt %232.zip")
    assert all(file.sha256 is None for file in files)


# BioStudies


def serve_study(server, accession: str, items: list[dict], count: int | None = None) -> None:
    base = f"/biostudies/api/v1/studies/{accession}"
    info = {"httpLink": "https://ftp.ebi.ac.uk/x", "files": len(items) if count is None else count}
    server.serve(f"{base}/info", json.dumps(info).encode())
    for offset in range(0, max(len(items), 1), 1000):
        page = {"items": items[offset : offset + 1000], "pagination": {"total": len(items)}}
        server.serve(f"{base}/files?limit=1000&offset={offset}", json.dumps(page).encode())


def test_study(server):
    items = [
        {"path": "DESeq2 counts.tsv", "Size": 2480580, "Type": "Processed Data", "isDirectory": "false"},
        {"path": "E-MTAB-17485.idf.txt", "Size": 6964, "Type": "IDF File"},
        {"path": "E-MTAB-17485.sdrf.txt", "Size": 16885, "Type": "SDRF File"},
        {"path": "sub/folder/x.csv", "Size": 1, "type": "file"},
        {"path": "../up.csv", "Size": 1, "type": "file"},
    ]
    serve_study(server, "E-MTAB-17485", items)
    files = resolve("e-mtab-17485", addresses=addresses(server))
    assert told(files) == {
        "DESeq2 counts.tsv": ("table", 2480580),
        "E-MTAB-17485.idf.txt": ("other", 6964),
        "E-MTAB-17485.sdrf.txt": ("samples", 16885),
        "sub/folder/x.csv": ("table", 1),
    }
    assert files[0].url == server.url + "/biostudies/files/E-MTAB-17485/DESeq2%20counts.tsv"
    assert files[3].url == server.url + "/biostudies/files/E-MTAB-17485/sub/folder/x.csv"


def test_study_of_many_pages(server):
    items = [{"path": f"{number}.csv", "Size": number} for number in range(2001)]
    serve_study(server, "S-BSST717", items)
    assert len(resolve("S-BSST717", addresses=addresses(server))) == 2001


def test_study_listed_in_part(server):
    serve_study(server, "S-BSST717", [{"path": "a.csv", "Size": 1}], count=2)
    with pytest.raises(Problems, match="1 files listed of 2"):
        resolve("S-BSST717", addresses=addresses(server))


# PRIDE and BioStudies: no list, or none that can be read

PROJECT, STUDY = "/pride/v3/projects/PXD000022/files/all", "/biostudies/api/v1/studies/E-MTAB-1/info"


@pytest.mark.parametrize(
    ("accession", "path", "answer", "words"),
    [
        ("PXD000022", PROJECT, b"[]", "at another repository"),
        ("PXD000022", PROJECT, b"<html>", "not the list of files"),
        ("PXD000022", PROJECT, b'{"error": "x"}', "not the list of files"),
        ("PXD000022", PROJECT, b'[{"fileName": 3}]', "not the list of files"),
        ("PXD000022", PROJECT, b"[1]", "not the list of files"),
        ("E-MTAB-1", STUDY, b"{}", "no such study"),
        ("E-MTAB-1", STUDY, b'{"files": 0}', "0 files"),
        ("E-MTAB-1", STUDY, b'{"files": 4715142}', "4715142 files"),
        ("E-MTAB-1", STUDY, b"<html>", "not the answer"),
        ("E-MTAB-1", STUDY, b"[]", "not the answer"),
        ("E-MTAB-1", STUDY, b'{"files": "3"}', "not the answer"),
    ],
)
def test_files_that_are_not_there(server, accession, path, answer, words):
    server.serve(path, answer)
    with pytest.raises(Problems, match=words):
        resolve(accession, addresses=addresses(server))
