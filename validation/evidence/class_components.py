"""Connected components of every class of a class map, all classes in one pass.

Two pixels of a class belong together when they share an edge or a corner (8-connectivity).
Runs of equal pixels along the rows are joined to the runs that they touch in the row above;
what is left is a graph of runs, far smaller than the image.
"""

import numpy as np
import scipy
from numpy.typing import NDArray


def component_counts(classes: NDArray[np.uint8], class_count: int) -> tuple[int, ...]:
    """Return the number of 8-connected components of each class.

    Args:
        classes: Class of each pixel, 0 background; shape (rows, columns).
        class_count: Number of classes.

    >>> component_counts(np.array([[1, 0, 1], [0, 1, 2], [2, 2, 0]], np.uint8), 2)
    (1, 1)
    """
    starts = _starts(classes)
    row, column = np.divmod(starts, classes.shape[1])
    of_run = classes.reshape(-1)[starts]
    edges = [
        _neighbours(classes, starts, row + down, column + right)
        for down, right in ((-1, -1), (-1, 0), (1, -1))
    ]
    ends = np.concatenate(edges, axis=1)
    graph = scipy.sparse.coo_array(
        (np.ones(ends.shape[1], bool), tuple(ends)), shape=(len(starts),) * 2
    )
    _, component = scipy.sparse.csgraph.connected_components(graph, directed=False)
    _, first = np.unique(component, return_index=True)
    counts = np.bincount(of_run[first], minlength=class_count + 1)
    return tuple(counts[1 : class_count + 1].tolist())


def _starts(classes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return where runs of equal pixels begin, as rising positions in the flattened image."""
    is_start = np.ones(classes.shape, bool)
    np.not_equal(classes[:, 1:], classes[:, :-1], out=is_start[:, 1:])
    return np.flatnonzero(is_start)


def _neighbours(
    classes: NDArray[np.uint8],
    starts: NDArray[np.intp],
    row: NDArray[np.intp],
    column: NDArray[np.intp],
) -> NDArray[np.intp]:
    """Return pairs of runs of a class: each run, and the one that holds a pixel beside its start.

    Two runs in rows that follow one another touch exactly when the pixel above the start of
    the lower one, or left of that, is of the upper run, or when the pixel below and left of
    the start of the upper one is of the lower run.
    """
    inside = (row >= 0) & (row < classes.shape[0]) & (column >= 0)
    run = np.flatnonzero(inside)
    place = row[run] * classes.shape[1] + column[run]
    flat = classes.reshape(-1)
    own = flat[starts[run]]
    is_same = (own > 0) & (flat[place] == own)
    beside = np.searchsorted(starts, place[is_same], side="right") - 1
    return np.stack([run[is_same], beside])
