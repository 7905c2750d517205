"""A sample size as the block that a protocol holds."""

import yaml

from validation.plan.sample_size.sizing import Sizing
from validation.report.sizing.words import rationale

_BASIS = "# say where the assumptions come from: a pilot, a publication, a specification"
_WIDTH = 88
_LONG = 60


class _Folding(yaml.SafeDumper):
    """Writes long texts folded, without quotes."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = ">" if len(value) > _LONG else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Folding.add_representer(str, _text)


def protocol_block(found: Sizing, *, criterion: str | None, basis: str | None) -> str:
    """Return YAML for the part `analysis:` of a protocol.

    Args:
        found: The sample size.
        criterion: Id of the criterion that it is for; None: none.
        basis: Where the assumptions come from; None: left for the author, and `segval check`
            refuses the block until it is said.
    """
    entry = {
        **({"criterion": criterion} if criterion is not None else {}),
        "basis": basis,
        "assumptions": found.design.model_dump(mode="json", exclude_none=True),
        "observations": found.observations,
        "units": found.units,
    }
    block = {"sample_size_rationale": rationale(found), "sample_size": [entry]}
    text = yaml.dump(
        {"analysis": block}, Dumper=_Folding, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text.replace("basis: null\n", f"basis:  {_BASIS}\n")
