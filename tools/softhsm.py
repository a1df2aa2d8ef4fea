"""A SoftHSM2 of one's own: tokens in a folder of theirs, never the machine's; for tests and benchmarks."""

import atexit
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "4711"

PROFILES = """
[profile.state_grid]
cipher = "3des"
internal = "sg-internal"
external = "sg-external"
mac = "sg-mac"

[profile.sm4_cards]
cipher = "sm4"
internal = "s4-internal"
external = "s4-external"
mac = "s4-mac"
"""


@cache
def softhsm() -> "SoftHsm":
    """The one of this program: its module reads once where the tokens are."""
    return SoftHsm()


class SoftHsm:
    """Where the tokens are; programs that are started find them by the environment."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="softhsm-")
        self.folder = Path(self._temporary.name)
        atexit.register(self._temporary.cleanup)
        self.tokens = self.folder / "tokens"
        self.tokens.mkdir()
        configuration = self.folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {self.tokens}\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(configuration)

    def token(self, label: str, pin: str = PIN) -> Path:
        """Make an empty token; give the key store settings that name it."""
        tool = ["softhsm2-util", "--init-token", "--free", "--label", label]
        subprocess.run([*tool, "--pin", PIN, "--so-pin", "12345678"], check=True, capture_output=True)
        return self.settings(label, pin)

    def settings(self, label: str, pin: str = PIN) -> Path:
        """Write the settings of a store on this token."""
        pin_file = self.folder / f"{label}.pin"
        pin_file.write_text(pin + "\n")
        pin_file.chmod(0o600)
        file = self.folder / f"{label}.toml"
        store = (
            f'[store]\nkind = "pkcs11"\nmodule = "{MODULE}"\ntoken = "{label}"\npin_file = "{label}.pin"\n'
        )
        file.write_text(store + PROFILES)
        return file
