# ruff: noqa: INP001 (a program that is copied into an image, not a module)
"""Make a StarDict dictionary: `make_dictionary.py WORDS.tsv FOLDER`.

The format is three files: the texts one after another, an index of where each one starts, and a
header. The index is sorted without regard to case, numbers are 32 bits, big end first.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

HEADER = """StarDict's dict ifo file
version=2.4.2
bookname={name}
wordcount={words}
idxfilesize={size}
sametypesequence=m
"""


def main(source: Path, folder: Path) -> None:
    """Read tab-separated words and texts from `source`; write the dictionary to `folder`."""
    rows = (row.split("\t", 1) for row in source.read_text(encoding="utf-8").splitlines() if row)
    entries = sorted((word, text.encode()) for word, text in rows)
    texts = index = b""
    for word, text in entries:
        index += word.encode() + b"\0" + struct.pack(">II", len(texts), len(text))
        texts += text
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / source.stem
    path.with_suffix(".dict").write_bytes(texts)
    path.with_suffix(".idx").write_bytes(index)
    header = HEADER.format(name=source.stem, words=len(entries), size=len(index))
    path.with_suffix(".ifo").write_text(header, encoding="utf-8")


main(Path(sys.argv[1]), Path(sys.argv[2]))
