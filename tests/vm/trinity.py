# SPDX-License-Identifier: GPL-2.0-only
"""Put trinity into a guest, for tests/guest/trinity.c.

Runs in the lab and copies the lab's trinity, so it works only for guests of the
lab's own architecture.
"""

import guest
from machines import machine_of

FILES = (
    "/usr/bin/trinity", "/lib64/ld-linux-x86-64.so.2",
    "/lib/x86_64-linux-gnu/libc.so.6",
)


def runs_on(kernel):
    return not machine_of(kernel.name).cross


def add(root):
    """Put it into the directory that becomes a guest's initramfs."""
    guest.copy_into(root, FILES)
