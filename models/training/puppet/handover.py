"""What is made of a film shot once all its frames are there: rough boxes, an artist's shapes."""

from __future__ import annotations

from pathlib import Path

from puppet.annotation import load, save_json, to_json, to_public, with_more
from puppet.artist import rotoscope
from puppet.boxes import rough_boxes
from puppet.plan import Shot

# Share of a frame's time that the shutter is open.
SHUTTER = 0.5


def finish_film(folder: Path, shot: Shot) -> bool:
    """Writes `rough` boxes into the annotations, `artist/` and `artist_public/`.

    It follows from annotations and seed alone, so that doing it again changes nothing. False while
    frames are missing.
    """
    paths = [folder / "annotations" / f"{k:04}.json" for k in range(1, shot.frames + 1)]
    if not shot.film or not all(path.exists() for path in paths):
        return False
    notes = [load(path) for path in paths]
    rough = rough_boxes([note.boxes["face"] for note in notes], shot.seed + 23)
    notes = [with_more(note, {}, {"rough": box}) for note, box in zip(notes, rough, strict=True)]
    drawn, keys = rotoscope(notes, shot.seed + 29, SHUTTER)
    for path, note, made in zip(paths, notes, drawn, strict=True):
        save_json(path, to_json(note))
        save_json(folder / "artist" / path.name, to_json(made))
        save_json(folder / "artist_public" / path.name, to_public(made))
    save_json(folder / "artist" / "keys.json", {"keys": [key + 1 for key in keys]})
    return True
