"""Where one file comes from; and what all models of cards and configurations have in common."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from sevaxis.study.validation import Refused

#: Names that become parts of paths, wildcards and HTML anchors.
Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_]*$", max_length=60)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Model(BaseModel):
    """Base of all models here: unknown keys are errors, objects do not change, and 1 is a name as good as '1'."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, allow_inf_nan=False)
    #: What of a room's part no result of that room depends on.
    untracked: ClassVar[dict[str, Any]] = {}


class Source(Model):
    """Where one file comes from: a public address with its checksum, or a file the user names."""

    name: Text = Field(description="File name under the data folder; what readers and samples_from refer to.")
    url: str | None = Field(None, description="Public https address.")
    path: str | None = Field(
        None, description="A file of your own, absolute or relative to the project's root."
    )
    simulated: bool = Field(False, description="Written by sevaxis.demo (the embedded demo), not downloaded.")
    sha256: Sha256 | None = Field(None, description="Checksum of the file's bytes; required with url.")
    bytes: int | None = Field(None, gt=0, description="Size, for the progress display.")

    @field_validator("name")
    @classmethod
    def _stays_in_its_folder(cls, name: str) -> str:
        parts = PurePosixPath(name).parts
        if name.startswith(("/", "~")) or ".." in parts or "\\" in name or "\0" in name:
            hint = "name it as it shall be called under the data folder: counts.tsv"
            raise Refused("a plain file name or a relative path without '..'", hint)
        if not name.isprintable():
            raise Refused(
                "a name of characters that can be seen", "retype the name: it holds a line break or a tab"
            )
        if parts and (parts[0] == "files.json" or name.endswith(".part")):
            raise Refused(
                "a name that is not the workflow's own", "call it otherwise: its place stays the same"
            )
        return name

    @field_validator("url")
    @classmethod
    def _is_https(cls, url: str | None) -> str | None:
        if url is None:
            return url
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return url
        if parts.scheme == "http" and parts.hostname in LOOPBACK:
            return url
        allowed = "an https:// address (http:// only on this machine's loopback)"
        raise Refused(allowed, "write https://...; a file of your own goes under `path:`")

    @model_validator(mode="after")
    def _has_one_origin(self) -> Source:
        if [self.url is not None, self.path is not None, self.simulated].count(True) != 1:
            hint = "say url and sha256 for a public file, path for your own, and leave the others out"
            raise Refused("exactly one of: url, path, simulated", hint)
        if self.url is not None and self.sha256 is None:
            hint = "`sevaxis add ADDRESS` computes it, or `sha256sum FILE` on a copy that you trust"
            raise Refused("a sha256 beside every url", hint)
        return self
