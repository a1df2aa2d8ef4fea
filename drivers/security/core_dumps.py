"""Keeps what stands in a program's memory out of core dumps: Python cannot wipe a key there."""

from __future__ import annotations

import resource

NONE = 1
"""Bytes: too few for a core file, and the one limit at which Linux also starts no program that would take the dump."""


def off() -> None:
    """Let this program and those that it starts leave no core dump, whatever the service manager has allowed."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = NONE if most == resource.RLIM_INFINITY else min(NONE, most)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, most))
