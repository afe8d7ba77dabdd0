"""Features of made tables: genes that the project knows, under true identifiers, among others that nobody knows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from sevaxis.base.resources import load_table

KINDS = {
    "symbol", "ensembl", "ensembl version", "uniprot", "uniprot group", "fasta", "entry", "entrez", "refseq protein",
    "refseq mRNA", "isoform",
}  # fmt: skip
AXIS = ("FBXO2", "SORBS3", "FLOT1", "CD63")
#: Entry names of UniProt that are not the symbol's; of other genes they are not known here, so that none is expected.
ENTRIES = {"FBXO2": "FBX2", "SORBS3": "VINEX", "FLOT1": "FLOT1", "CD63": "CD63"}
_PREFIX = {"human": "ENSG", "mouse": "ENSMUSG", "rat": "ENSRNOG"}


@dataclass(frozen=True)
class Genes:
    """Features of one table: names as written, symbols, human symbols of those that the project can map."""

    names: list[str]
    symbols: list[str]
    human: list[str]
    ensembl: list[str]
    entrez: list[str]

    def keys(self) -> list[set[str]]:
        """All names under which a reader may keep each feature."""
        from tests.intake.judge import name_keys

        return [name_keys(name) | {symbol} for name, symbol in zip(self.names, self.symbols, strict=True)]


@cache
def _known(organism: str) -> tuple[dict[str, str], ...]:
    table = load_table("identifiers")
    rows = table[table["organism"] == organism].astype(str).to_dict("records")
    return tuple(sorted(rows, key=lambda row: row["human_symbol"] not in AXIS))


def make_genes(organism: str, kind: str, number: int, seed: int, *, telling: bool = True) -> Genes:
    """Features of an organism under identifiers of a kind.

    Parameters
    ----------
    telling
        Whether symbols that only one rodent has are among them.
    """
    generator = random.Random(f"{organism} {kind} {seed}")
    rows = [row for row in _known(organism) if _has(row, kind)]
    rows = rows[:4] + generator.sample(rows[4:], max(0, min(len(rows) - 4, int(0.6 * number))))
    made = [_unknown(organism, i, generator, telling) for i in range(number - len(rows))]
    features = rows + made
    generator.shuffle(features)
    return Genes(
        [_name(row, organism, kind, generator) for row in features],
        [row["symbol"] for row in features],
        [_expected(row["human_symbol"], kind) for row in features],
        [row["ensembl"].split(";")[0] for row in features],
        [row["entrez"].split(";")[0] for row in features],
    )


def _expected(human: str, kind: str) -> str:
    """Human gene that must be found: none by transcripts, of entry names those that are known."""
    if kind == "refseq mRNA" or (kind == "entry" and human not in ENTRIES):
        return ""
    return human


def _has(row: dict[str, str], kind: str) -> bool:
    column = {
        "ensembl version": "ensembl",
        "uniprot group": "uniprot",
        "fasta": "uniprot",
        "isoform": "uniprot",
    }
    column |= {"entry": "symbol", "refseq protein": "refseq", "refseq mRNA": "symbol"}
    return bool(row[column.get(kind, kind)])


def _unknown(organism: str, i: int, generator: random.Random, telling: bool) -> dict[str, str]:
    number = generator.randrange(10**6, 10**7)
    plain = f"FAM{300 + i}{'ABC'[i % 3]}"
    if organism == "human":
        symbol = plain if i % 3 else f"LINC{10000 + i}"
    elif telling and i % 2:
        symbol = f"Gm{50000 + i}" if i % 4 == 1 else f"{number}{'ABCD'[i % 4]}{i % 90 + 10}Rik"
        symbol = (
            symbol if organism == "mouse" else f"LOC{100000000 + number}" if i % 4 == 1 else f"RGD{number}"
        )
    else:
        symbol = plain.capitalize()
    letters, digits = [generator.choice("ABCDEFGHJKLMN") for _ in range(3)], f"{i:04d}"
    return {
        "symbol": symbol,
        "human_symbol": "",
        "ensembl": f"{_PREFIX[organism]}{90000000000 + number}",
        "uniprot": f"A0A{digits[0]}{letters[0]}{digits[1]}{letters[1]}{digits[2]}{letters[2]}{digits[3]}",
        "entrez": str(920000000 + number),
        "refseq": f"XP_{930000000 + number}",
    }


def _name(row: dict[str, str], organism: str, kind: str, generator: random.Random) -> str:
    def first(column: str) -> str:
        return row[column].split(";")[0]

    match kind:
        case "ensembl version":
            return f"{first('ensembl')}.{generator.randrange(1, 19)}"
        case "uniprot group":
            more = row["uniprot"].split(";")[1:3]
            return ";".join([first("uniprot"), *more]) if more else first("uniprot")
        case "isoform":
            return (
                f"{first('uniprot')}-{generator.randrange(1, 4)}"
                if generator.random() < 0.4
                else first("uniprot")
            )
        case "fasta":
            return f"sp|{first('uniprot')}|{row['symbol'].upper()}_{organism.upper()}"
        case "entry":
            known = ENTRIES.get(row["human_symbol"], f"{row['symbol'].upper().replace('-', '')[:9]}Q")
            return f"{known}_{organism.upper()}"
        case "refseq protein":
            return f"{first('refseq')}.{generator.randrange(1, 4)}"
        case "refseq mRNA":
            return f"NM_{generator.randrange(10**6, 10**8):09d}.{generator.randrange(1, 4)}"
        case _:
            return first(kind)
