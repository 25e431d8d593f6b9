"""Real text: the entries of Debian's fortunes and fortunes-ru, many of several lines, in two alphabets."""

import pathlib
import random

HOME = pathlib.Path("/usr/share/games/fortunes")
TEXT_BYTES = 16 * 1024


def fortunes(count):
    """So many entries, in an order that is the same each time; they come round again if there are fewer."""
    files = {path.resolve() for path in HOME.rglob("*") if path.is_file() and path.suffix not in (".dat", ".u8")}
    entries = []
    for file in sorted(files):
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        entries += [entry for part in text.split("\n%\n") if (entry := part.strip("\n%")) and len(entry.encode()) <= TEXT_BYTES]
    assert entries, f"no fortunes in {HOME}: run scripts/deps test"
    random.Random(7).shuffle(entries)
    return [entries[n % len(entries)] for n in range(count)]
