"""The home of disk images: a SQLite file with its write-ahead log, as it was after any commit.

With synchronous=FULL a commit is on disk when it returns, so a power cut leaves the file as it was
after some commit. The log lies in the file's order: an image after an earlier commit is the same
bytes with the log cut off behind that commit's last frame.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOG_END: Final = "-wal"
INDEX_END: Final = "-shm"
_LOG_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Image:
    """A database's bytes; `log` is empty where all is in the file."""

    base: bytes
    log: bytes

    def commits(self) -> list[int]:
        """Where the log ends after each commit, 0 for the file alone."""
        ends = [0]
        if len(self.log) < _LOG_HEADER_BYTES:
            return ends
        salts = self.log[16:24]
        frame = _FRAME_HEADER_BYTES + int.from_bytes(self.log[8:12], "big")
        for at in range(_LOG_HEADER_BYTES, len(self.log) - frame + 1, frame):
            if self.log[at + 8 : at + 16] != salts:
                break
            if self.log[at + 4 : at + 8] != b"\0\0\0\0":
                ends.append(at + frame)
        return ends

    def after(self, end: int) -> "Image":
        """The image when the log ended there."""
        return Image(self.base, self.log[:end])

    def since(self, earlier: "Image") -> list["Image"]:
        """The images after each commit since an earlier one, that one first and this one last."""
        whole, known = self.commits(), len(earlier.commits()) - 1
        kept = self.base == earlier.base and self.log[16:24] == earlier.log[16:24]
        if not kept or known == 0:  # the log was moved into the file meanwhile, or begun anew
            return [self.after(whole[-1])]
        return [self.after(end) for end in whole[known:]]


def image_of(path: Path) -> Image:
    """The image of a database that nobody writes to at this moment."""
    log = path.with_name(path.name + LOG_END)
    return Image(path.read_bytes(), log.read_bytes() if log.exists() else b"")


def put_image(path: Path, image: Image) -> None:
    """Lay an image at a path where no database is open, in the same file if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(image.base)
        file.truncate()
    path.with_name(path.name + INDEX_END).unlink(missing_ok=True)
    log = path.with_name(path.name + LOG_END)
    log.unlink(missing_ok=True)
    if image.log:
        log.write_bytes(image.log)
