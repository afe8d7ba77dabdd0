"""What a draft proposes about a data set, and the words that it may conclude from."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Facts:
    """Proposed facts about a data set; values that begin with TODO are the user's to decide.

    ``evidence`` has one sentence for each, by the key of the card.
    """

    assay: str = ""
    values: dict[str, object] = field(default_factory=dict)
    organism: str = ""
    tissue: str = ""
    compartment: str = ""
    evidence: dict[str, str] = field(default_factory=dict)


@dataclass
class Texts:
    """Words about a data set, from the most to the least telling.

    Attributes
    ----------
    samples
        Cells of the annotation's columns about tissue, source and organism.
    title
        Title and summary of the record.
    names
        Names of files and of samples.
    folder
        Name of the files' folder: the weakest evidence.
    """

    samples: str = ""
    title: str = ""
    names: str = ""
    folder: str = ""

    def in_order(self) -> tuple[tuple[str, str], ...]:
        """Each text with how it is called."""
        return (
            ("the samples' annotation says", self.samples),
            ("the title or summary says", self.title),
            ("the names of files and samples say", self.names),
            ("the folder's name says", self.folder),
        )
