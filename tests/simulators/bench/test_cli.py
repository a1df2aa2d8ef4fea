"""`power-bench` sets the far ends up, tells where they are, and takes them away again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kiosk.config import load
from simulators.far_end import ControlClient


def test_stands_until_it_is_told_to_end(tmp_path: Path) -> None:
    folder = tmp_path / "bench"
    command = [
        sys.executable,
        "-m",
        "simulators.bench.cli",
        "--folder",
        str(folder),
        "--accounts",
        "20",
        "--no-panel",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bench:
        assert bench.stdout is not None
        told = {}
        for line in bench.stdout:
            if line == "ready\n":
                break
            told[line[:17].strip()] = line[17:].strip()
        config = load(Path(told["kiosk settings"]))
        assert Path(config.acceptor.port).is_char_device()
        assert Path(config.printer.port).is_char_device()
        assert told["hub"].startswith(config.hub.url)
        for name in ("ccnet_validator", "escpos_printer", "hub_proxy"):
            client = ControlClient(folder / f"{name}.sock")
            client("status")
            client.close()
        bench.terminate()
        assert bench.wait(50) == 0
    assert not (folder / "ccnet_validator").exists()
    assert not (folder / "hub_proxy.sock").exists()
