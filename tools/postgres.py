"""A PostgreSQL server of one's own, from Debian's binaries, for tests and benchmarks; gone when the block ends."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

APT_LINE = "apt-get install --no-install-recommends postgresql"
USER = "postgres"
RUNUSER = "/usr/sbin/runuser"
"""By its whole name: that folder is not on every PATH."""


class PostgresMissingError(RuntimeError):
    """No PostgreSQL server binaries on this machine; the message has the apt line."""


def binaries() -> Path:
    """Give the folder of the newest installed server's programs (initdb, postgres, pgbench, psql)."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise PostgresMissingError(f"no PostgreSQL server is installed: {APT_LINE}")
    return found[-1].parent


@contextmanager
def throwaway_postgres(*options: str) -> Iterator[str]:
    """Start a server on a socket of its own with a new data folder; yield the URL of its `postgres` database.

    Each option is a setting for this run, such as ``fsync=off``. The server refuses root, so root runs it as
    the user that Debian's package makes. Raises PostgresMissingError.
    """
    programs = binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket path has 107 characters
    try:
        _hand_over(folder)
        data = folder / "data"
        _run(
            [
                str(programs / "initdb"),
                "-D",
                str(data),
                "-U",
                USER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ]
        )
        settings = (f"unix_socket_directories={folder}", "listen_addresses=", "max_connections=100", *options)
        arguments = " ".join(f"-c {setting}" for setting in settings)
        control = [str(programs / "pg_ctl"), "-D", str(data), "-s", "-w", "-t", "180"]
        _run([*control, "-l", str(folder / "log"), "-o", arguments, "start"])
        try:
            yield f"postgresql://{USER}@/postgres?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hand_over(folder: Path) -> None:
    folder.chmod(0o755)
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam(USER)
        except KeyError:
            raise PostgresMissingError(f"no user {USER}: {APT_LINE}") from None
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def _run(command: Sequence[str]) -> None:
    as_user = [RUNUSER, "-u", USER, "--"] if os.geteuid() == 0 else []
    # A server keeps what it inherits, so its output goes to a file and never to a pipe that nobody closes.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run([*as_user, *command], stdout=output, stderr=output, cwd="/", check=False)
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{command[0]} failed: {output.read().decode(errors='replace').strip()}")
