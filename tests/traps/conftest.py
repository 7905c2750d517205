"""The small protocols, cases and objects of the tests of the evidence."""

import importlib.util
from pathlib import Path

_PATH = Path(__file__).resolve().parents[1] / "evidence" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("_evidence_parts", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
_PARTS = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_PARTS)

make_protocol = _PARTS.make_protocol
make_case = _PARTS.make_case
make_class_map = _PARTS.make_class_map
make_strips = _PARTS.make_strips
make_strip_table = _PARTS.make_strip_table
