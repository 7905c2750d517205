"""What signatures are held against: certificates and revocation lists that the company pinned."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trust:
    """Pinned trust; nothing of the operating system and nothing from the network is added.

    Everything is DER. An empty `roots` means that nobody is trusted, and that whether a signer
    is one of ours cannot be checked.
    """

    roots: tuple[bytes, ...] = ()
    """Certificates of the authorities that issue certificates to persons."""
    time_authorities: tuple[bytes, ...] = ()
    """Certificates of the authorities whose time stamps are believed."""
    crls: tuple[bytes, ...] = ()
    """Certificate revocation lists of all of them."""
    issuers: tuple[bytes, ...] = ()
    """Certificates whose lists may revoke what is pinned itself, and that vouch for nobody."""
