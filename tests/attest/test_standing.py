"""Whether a certificate may sign: what a person with a certificate could issue to somebody else."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from validation.attest import certificates
from validation.attest.persons import Person
from validation.attest.standing import standing
from validation.attest.trust import Trust


def _issued_by(person: Any, world: Any) -> Any:
    """Return a certificate of a stranger that a person, and no authority, signed."""
    request = certificates.certificate_request(certificates.new_key(), Person("m.all", "Mal Lory"))
    return certificates.person_certificate(
        request,
        authority_key=person.key,
        authority=person.certificate,
        validity=world.validity,
    )


def test_a_person_is_no_authority(world: Any) -> None:
    stranger = _issued_by(world.author, world)
    found = standing(stranger, world.trust, world.now, [world.author.certificate])
    assert found.word not in {"valid", "could_not_be_checked"}


def test_a_person_among_the_pinned_roots_vouches_for_nobody_else(world: Any) -> None:
    stranger = _issued_by(world.author, world)
    root = world.author.certificate.public_bytes(Encoding.DER)
    trust = Trust((*world.trust.roots, root), world.trust.time_authorities, world.trust.crls)
    assert standing(stranger, trust, world.now).word != "valid"


def test_a_list_that_a_person_signed_clears_nobody(world: Any) -> None:
    crl = certificates.revocation_list(
        (),
        number=9,
        authority_key=world.author.key,
        authority=world.root,
        this_update=world.now - (world.now - world.validity.not_before) / 10,
        next_update=world.validity.not_after,
    ).public_bytes(Encoding.DER)
    trust = Trust(world.trust.roots, world.trust.time_authorities, (crl,))
    assert standing(world.approver.certificate, trust, world.now).word == "could_not_be_checked"
