import pytest

from validation.report.manifestation import Manifestation

WHOLE = Manifestation(
    name="Dr. Ana García-Müller",
    user="a.garcia",
    role="approver",
    title="Head of quality; document control",
    meaning="I approve this record",
    at="2026-11-29T13:45:00Z",
    zone="+01:00",
    document="R-0123456789abcdef",
    revision="A",
    presented="sha256:" + "1" * 64,
    trail_id="0" * 32,
    sequence=12,
    event="sha256:" + "2" * 64,
)


def test_what_a_signature_states_can_be_read_back() -> None:
    read = Manifestation.parsed(
        WHOLE.statement(), name=WHOLE.name, meaning=WHOLE.meaning, at=WHOLE.at
    )
    assert read == WHOLE


@pytest.mark.parametrize("other", ["", "call me", "user a; role b", WHOLE.statement() + " "])
def test_another_statement_is_refused(other: str) -> None:
    with pytest.raises(ValueError, match="statement"):
        Manifestation.parsed(other, name="A", meaning="B", at=WHOLE.at)
