"""The cues that go with some pages, played by the system's own player program; silent where there is none."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import Full, Queue

from kiosk.page import Cue, PageModel

SOUNDS = Path(__file__).parent.parent / "assets" / "sounds"
PLAYERS: Sequence[Sequence[str]] = (("pw-play",), ("paplay",), ("aplay", "-q"))
"""Programs of PipeWire, PulseAudio and ALSA that play a WAV file, the likeliest first."""
PLAY_S = 8.0
"""How long one of them may take; the longest cue lasts under three seconds."""
FORGETTING = frozenset({"attract"})
"""Pages of no customer: what the last one heard may sound again."""

log = logging.getLogger("ui.sounds")


class Sounds:
    """Plays each cue once for each occasion. `hear` may be called from the screen's thread: it never waits."""

    def __init__(self, folder: Path = SOUNDS) -> None:
        self._folder = folder
        self._last: Cue | None = None
        self._due: Queue[str] = Queue(maxsize=1)
        self._ended = threading.Event()
        self._quiet_said = False
        self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)
        self._thread.start()

    def hear(self, page: PageModel) -> None:
        """Play the page's cue, if it is another one than the last; one that comes while another waits is left out."""
        if page.name in FORGETTING:
            self._last = None
        if page.cue is None or page.cue == self._last:
            return
        self._last = page.cue
        try:
            self._due.put_nowait(page.cue.word)
        except Full:
            log.info("cue_left_out", extra={"cue": page.cue.word})

    def close(self) -> None:
        """Play nothing any more; what sounds ends by itself."""
        self._ended.set()
        with suppress(Full):
            self._due.put_nowait("")

    def _run(self) -> None:
        while word := self._due.get():
            if self._ended.is_set():
                return
            self._play(self._folder / f"{word}.wav")

    def _play(self, file: Path) -> None:
        """Let the first player that can play it; a page says all that a cue says, so silence is no fault."""
        for name, *options in PLAYERS:
            program = shutil.which(name)
            if program is not None and _plays([program, *options, str(file)]):
                return
        if not self._quiet_said:
            log.warning("no_sound", extra={"players": [name for name, *_ in PLAYERS]})
            self._quiet_said = True


def _plays(command: Sequence[str]) -> bool:
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, timeout=PLAY_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
