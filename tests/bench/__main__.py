"""``make bench``: how fast is it, and against whom? Every figure of one table comes from one run on one machine.

Machines differ and are noisy, so what counts is the ratio to the peer that ran beside us on the same files with the same
weights and threads. Nothing here is asserted; a test suite that fails because a machine was busy teaches nothing.
"""

import sys

from tests.bench import fingerprint, listening, place, registry


def main() -> int:
    """Run every benchmark and print its table."""
    for bench in (listening, fingerprint, place, registry):
        sys.stdout.write(bench.run() + "\n")
        sys.stdout.flush()
    return 0


sys.exit(main())
