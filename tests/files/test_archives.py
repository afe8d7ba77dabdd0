"""Archives: whole ones come out whole, hostile and broken ones leave nothing behind."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from sevaxis.base.problems import Problems
from sevaxis.files.archives import Limits, extract, is_plain

GOOD = {"GSM1_a.txt.gz": b"one", "sub/GSM2_b.txt": b"two" * 1000, "empty": b""}
HOSTILE = [
    "../up",
    "a/../../up",
    "/etc/absolute",
    "C:\\x",
    "a\\..\\..\\up",
    "~root/x",
    "-rf",
    "a\nb",
    "..",
    "a:b",
]


def tar(
    path: Path, members: dict[str, bytes], mode: str = "w", special: tarfile.TarInfo | None = None
) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if special is not None:
            archive.addfile(special)
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def refuse(archive: Path, match: str, **options) -> None:
    """The archive is refused, and nothing is left of the try, inside or beside the folder."""
    before = sorted(archive.parent.parent.rglob("*"))
    with pytest.raises(Problems, match=match):
        extract(archive, archive.parent / "out", **options)
    assert sorted(archive.parent.parent.rglob("*")) == before


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with room above it, where an escaping member would be seen."""
    (tmp_path / "top" / "below").mkdir(parents=True)
    return tmp_path / "top" / "below"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(folder, mode):
    paths = extract(tar(folder / "x.tar", GOOD, mode), folder / "out")
    assert contents(folder / "out") == GOOD
    assert paths == sorted(paths) and len(paths) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["out", "x.tar"]


def test_zip(folder):
    extract(zipped(folder / "x.zip", GOOD), folder / "out")
    assert contents(folder / "out") == GOOD


def test_folders_inside_are_no_files(folder):
    entry = tarfile.TarInfo("sub")
    entry.type = tarfile.DIRTYPE
    assert len(extract(tar(folder / "x.tar", GOOD, special=entry), folder / "out")) == 3


def test_leading_dot_of_tar(folder):
    extract(tar(folder / "x.tar", {"./a.txt": b"1"}), folder / "out")
    assert contents(folder / "out") == {"a.txt": b"1"}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_escape(folder, name):
    assert not is_plain(name)
    refuse(tar(folder / "x.tar", {"good": b"1", name: b"2"}), "a member named")
    if "\\" not in name:  # the zip writer itself turns these into '/'
        refuse(zipped(folder / "x.zip", {"good": b"1", name: b"2"}), "a member named")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
)
def test_links_and_devices_in_tar(folder, kind):
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, "/etc/passwd"
    refuse(tar(folder / "x.tar", {"good": b"1"}, special=member), "a link, a device")


def test_sparse_file_in_tar(folder):
    """GNU's sparse members may claim any size."""
    member = tarfile.TarInfo("sparse")
    member.type = tarfile.GNUTYPE_SPARSE
    refuse(tar(folder / "x.tar", {"good": b"1"}, special=member), "a sparse file")


def test_file_through_a_link(folder):
    """A link to a folder, then a file below the link: the classic escape."""
    with tarfile.open(folder / "x.tar", "w") as archive:
        link = tarfile.TarInfo("a")
        link.type, link.linkname = tarfile.SYMTYPE, ".."
        archive.addfile(link)
        member = tarfile.TarInfo("a/escaped")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"1"))
    refuse(folder / "x.tar", "a link")


def test_link_in_zip(folder):
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    refuse(folder / "x.zip", "a link")


def test_encrypted_zip(folder):
    path = zipped(folder / "x.zip", {"a": b"1"})
    data = bytearray(path.read_bytes())
    flags = data.index(b"PK\x01\x02") + 8  # general purpose flags of the central directory entry
    data[flags] |= 1
    path.write_bytes(bytes(data))
    refuse(path, "encrypted")


@pytest.mark.parametrize("second", ["a.txt", "A.TXT"])
def test_the_same_name_twice(folder, second):
    with tarfile.open(folder / "x.tar", "w") as archive:
        for name in ("a.txt", second):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    refuse(folder / "x.tar", "a member named")


def test_file_where_a_folder_is(folder):
    refuse(tar(folder / "x.tar", {"a": b"1", "a/b": b"2"}), "cannot be taken apart")


def test_size_is_bounded(folder):
    limits = Limits(bytes=1000)
    refuse(tar(folder / "x.tar", {"a": bytes(600), "b": bytes(600)}), "more than 1000 bytes", limits=limits)
    refuse(
        zipped(folder / "x.zip", {"a": bytes(600), "b": bytes(600)}), "more than 1000 bytes", limits=limits
    )


def test_members_are_bounded(folder):
    members = {f"{number}": b"" for number in range(6)}
    refuse(tar(folder / "x.tar", members), "more than 5 members", limits=Limits(members=5))
    refuse(zipped(folder / "x.zip", members), "more than 5 members", limits=Limits(members=5))


def test_ratio_is_bounded(folder):
    """Zeros compress a thousandfold; 2 MB of them are suspicious where 1 MB is the limit of good faith."""
    limits = Limits(unsuspicious=10**6)
    refuse(tar(folder / "x.tgz", {"a": bytes(2 * 10**6)}, "w:gz"), "compression bomb", limits=limits)
    refuse(zipped(folder / "x.zip", {"a": bytes(2 * 10**6)}), "compression bomb", limits=limits)
    assert extract(folder / "x.tgz", folder / "out")


def test_zip_that_lies_about_a_size(folder):
    """The central directory declares 10 bytes of a member that holds 2 MB."""
    path = zipped(folder / "x.zip", {"a": bytes(2 * 10**6)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    path.write_bytes(bytes(data))
    refuse(path, "cannot be read to its end")


def test_header_that_asks_for_all_memory(folder):
    """A pax header of 8 GB: what is declared is not allocated."""
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 8 * 2**30
    (folder / "x.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(10 * 512))
    refuse(folder / "x.tar", "a header of 8589934592 bytes")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_that_ends_early(folder, mode):
    path = tar(folder / "x.tar", {"a": bytes(range(256)) * 100, "b": bytes(range(256)) * 100}, mode)
    path.write_bytes(path.read_bytes()[: 30_000 if mode == "w" else -20])
    refuse(path, "cannot be read to its end")


def test_tar_that_ends_between_two_members(folder):
    path = tar(folder / "x.tar", {"a": bytes(512), "b": b"2"})
    path.write_bytes(path.read_bytes()[:1024])
    refuse(path, "it ends early")


def test_content_is_checked_to_the_last_bit(folder):
    """One bit of the text is turned: gzip's checksum, after the end of the tar, tells it."""
    text = b"".join(b"%d\n" % number for number in range(20_000))
    stored = gzip.compress(tar(folder / "plain.tar", {"a": text}).read_bytes(), 0)
    (folder / "plain.tar").unlink()
    broken = bytearray(stored)
    broken[50_000] ^= 1
    (folder / "x.tgz").write_bytes(broken)
    refuse(folder / "x.tgz", "CRC")


@pytest.mark.parametrize(
    "content", [b"", b"text, not an archive", b"PK\x03\x04 but no more", b"\x1f\x8b\x08 but no more"]
)
def test_no_archive(folder, content):
    (folder / "x").write_bytes(content)
    refuse(folder / "x", "cannot be taken apart")


def test_folder_that_exists_is_left_alone(folder):
    (folder / "out").mkdir()
    (folder / "out" / "mine").write_bytes(b"1")
    refuse(tar(folder / "x.tar", GOOD), "already there")
    assert contents(folder / "out") == {"mine": b"1"}
