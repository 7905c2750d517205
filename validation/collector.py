"""Python's search for reference cycles, paused while millions of objects are made and kept."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the search for reference cycles while the block runs.

    Where next to nothing that is made can go again, the search takes as long as the reading of
    a large file, and a tenth of the layout of a long document.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
