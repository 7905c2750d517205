"""Names that several records of a plan use."""

from typing import Annotated, Literal

from pydantic import StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An id that is safe in file names, links and tables, e.g. ``REQ-01``."""

ClassName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9 _-]{0,63}$")]
"""Name of a segmented class, spelt alike wherever it occurs."""

Size = Literal["small", "medium", "large"]
"""Size stratum of a reference object, COCO's by mask area."""
