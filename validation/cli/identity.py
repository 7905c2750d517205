"""``segval identity``: who may sign; a test authority, key files, certificates, revocation."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation import clock
from validation.cli.options import FILE, FOLDER, SYMBOLS, json_option, say_json
from validation.cli.password import ask_new_password, ask_password

if TYPE_CHECKING:
    from datetime import datetime

    from validation.attest.certificates import Reason
    from validation.attest.persons import Person
    from validation.study.authority import Authority
    from validation.study.identity_review import Identity
    from validation.study.identity_store import Issued

_REASONS = (
    "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation",
    "unspecified",
)  # fmt: skip
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_TEST = (
    "This is a test authority: it shows how signing works and proves to nobody who signed. For "
    "records that count, the company's own authority takes its place."
)

_study = click.argument("study", type=FOLDER)
_user = click.option("--user", required=True, metavar="ID", help="User id, e.g. jdoe; for ever.")
_name = click.option("--name", required=True, help="Printed name, as signatures are to show it.")
_organisation = click.option("--organisation", default="", help="Whose person or authority it is.")
_new_key = click.option(
    "--key", required=True, type=_NEW_FILE, help="Key file to make (PKCS#12), e.g. jdoe.p12."
)
_days = click.option(
    "--days",
    type=click.IntRange(1, 1096),
    default=730,
    show_default=True,
    help="For how long the certificate holds; three years at most.",
)


@click.group("identity")
def identity_command() -> None:
    """Make, list, check and revoke the identities that sign.

    A person signs with a key file that a password opens, and a certificate that names their user
    id and printed name. Passwords are asked at the terminal and never taken from elsewhere.

    \b
    Example:
        segval identity authority study --name "Test authority of Acme"
        segval identity create study --user jdoe --name "Jane Doe" --key jdoe.p12
        segval identity list study
    """


@identity_command.command("authority")
@_study
@click.option("--name", required=True, help="Name of the authority.")
@_organisation
@click.option(
    "--years",
    type=click.IntRange(1, 20),
    default=5,
    show_default=True,
    help="For how long its certificate holds.",
)
def _authority(study: Path, name: str, organisation: str, years: int) -> None:
    """Make a test authority for STUDY: its key file, root certificate and revocation list.

    \b
    Example:
        segval identity authority study --name "Test authority of Acme"
    """
    from validation.study import authority
    from validation.study.identity_store import IdentityStore

    store = IdentityStore(study)
    authority.require_room(store)
    root = authority.create_authority(
        study,
        name=name.strip(),
        organisation=organisation.strip(),
        password=ask_new_password("the authority's key file"),
        at=clock.now(),
        days=365 * years,
    )
    from validation.attest.certificates import fingerprint

    click.echo(f"{_TEST}\n", err=True)
    click.echo(
        f"{name.strip()}, valid until {root.not_valid_after_utc:%Y-%m-%d}\n"
        f"root certificate  {store.root}\n                  {fingerprint(root)}\n"
        f"revocation list   {store.crl}\n"
        f"key file          {store.authority_key}"
    )


@identity_command.command("request")
@_user
@_name
@_organisation
@_new_key
@click.option("--out", required=True, type=_NEW_FILE, help="Certificate request to write.")
def _request(user: str, name: str, organisation: str, key: Path, out: Path) -> None:
    """Make a key of one's own and a request for its certificate (PKCS#10).

    The key stays in its file; the request alone goes to the authority.

    \b
    Example:
        segval identity request --user jdoe --name "Jane Doe" --key jdoe.p12 --out jdoe.csr
    """
    from validation.study import personal_key

    person = _person(user, name, organisation)
    _require_free(key, out)
    made = personal_key.new_request(person, key, ask_new_password(f"key file {key}"))
    personal_key.write_request(out, made.request)
    click.echo(f"{user}, {person.name}\nkey file  {key}\nrequest   {out}")


@identity_command.command("issue")
@_study
@click.argument("request", type=FILE)
@_days
def _issue(study: Path, request: Path, days: int) -> None:
    """Issue a certificate from REQUEST by the test authority of STUDY.

    Whoever does this has made sure of the person (21 CFR 11.100(b)); the tool cannot.

    \b
    Example:
        segval identity issue study jdoe.csr
    """
    from validation.study import issuing, personal_key

    asked = personal_key.read_request(request)
    issuing.require_issuable(study, asked)
    authority = _opened(study)
    _say(issuing.issue(study, asked, authority, at=clock.now(), days=days))


@identity_command.command("install")
@click.argument("certificate", type=FILE)
@click.option("--key", required=True, type=FILE, help="Key file that the request was made with.")
def _install(certificate: Path, key: Path) -> None:
    """Put CERTIFICATE into the key file that its request was made with.

    \b
    Example:
        segval identity install study/identities/certificates/jdoe-4f2a.pem --key jdoe.p12
    """
    from validation.attest.persons import person_of
    from validation.study import personal_key

    given = personal_key.read_certificates(certificate)
    held = personal_key.install(key, given, ask_password(f"key file {key}")).certificate
    assert held is not None  # noqa: S101 - install puts one in
    person = person_of(held)
    until = f"{held.not_valid_after_utc:%Y-%m-%d}"
    click.echo(f"{person.user}, {person.name}, valid until {until}\nkey file  {key}")


@identity_command.command("create")
@_study
@_user
@_name
@_organisation
@_new_key
@_days
def _create(  # noqa: PLR0917 - click calls it by name
    study: Path, user: str, name: str, organisation: str, key: Path, days: int
) -> None:
    """Request, issue and install in one go, for trials on one machine.

    Where it counts, the person makes the request and the authority issues, so that nobody ever
    has both passwords.

    \b
    Example:
        segval identity create study --user jdoe --name "Jane Doe" --key jdoe.p12
    """
    from validation.study import issuing, personal_key

    person = _person(user, name, organisation)
    _require_free(key)
    issuing.require_free_id(study, person)
    authority = _opened(study)
    # A key file of a person to whom nothing can be issued would only stand in the way.
    issuing.require_within(authority, at=clock.now(), days=days)
    password = ask_new_password(f"key file {key}")
    made = personal_key.new_request(person, key, password)
    issued = issuing.issue(study, made.request, authority, at=clock.now(), days=days)
    personal_key.install(key, (issued.certificate, authority.certificate), password)
    _say(issued)
    click.echo(f"key file     {key}")


@identity_command.command("register")
@_study
@click.argument("certificate", type=FILE)
def _register(study: Path, certificate: Path) -> None:
    """Take in CERTIFICATE, which the company's own authority issued to a person.

    The authority's root is pinned in identities/trust/root.pem of STUDY, its revocation list
    lies beside it as a .crl file.

    \b
    Example:
        segval identity register study jdoe.pem
    """
    from validation.study import issuing

    _say(issuing.register(study, certificate, at=clock.now()))


@identity_command.command("list")
@_study
@json_option
def _list(study: Path, as_json: bool) -> None:
    """List the certificates of STUDY and what they are now.

    \b
    Example:
        segval identity list study
    """
    from validation.study.identity_review import list_identities

    found = list_identities(study, clock.now())
    _warn(found.warnings)
    if as_json:
        listed = [one.model_dump(mode="json") for one in found.identities]
        say_json({"identities": listed, "warnings": list(found.warnings)})
        return
    for line in _table(found.identities):
        click.echo(line)


@identity_command.command("check")
@_study
@click.option("--key", type=FILE, help="Key file: could it sign for STUDY now?")
@json_option
def _check(study: Path, key: Path | None, as_json: bool) -> None:
    """Check the identities of STUDY, or whether a key file could sign for it now.

    Exit status 0: everything held; 1: something did not; 3: something could not be checked.

    \b
    Example:
        segval identity check study
        segval identity check study --key jdoe.p12
    """
    from validation.study import identity_review

    at = clock.now()
    if key is None:
        found = identity_review.check_study(study, at)
    else:
        password = ask_password(f"key file {key}")
        found = identity_review.check_key_file(study, key, password, at)
    _warn(identity_review.study_warnings(study, at))
    if as_json:
        say_json({**found.model_dump(mode="json"), "outcome": found.outcome})
    else:
        for one in found.checks:
            clause = f" ({one.clause})" if one.clause else ""
            click.echo(f"{one.number}  {SYMBOLS[one.outcome]}: {one.what}{clause}")
            click.echo(f"   {one.detail}")
    if found.outcome != "held":
        raise click.exceptions.Exit(1 if found.outcome == "did_not_hold" else 3)


@identity_command.command("revoke")
@_study
@click.argument("serial_or_user")
@click.option(
    "--reason",
    required=True,
    type=click.Choice(_REASONS),
    help="Why, in the words of revocation lists.",
)
@click.option("--note", default="", help="Why, in your words, for the audit trail.")
def _revoke(study: Path, serial_or_user: str, reason: "Reason", note: str) -> None:
    """Revoke a certificate by its serial number, or all of a user, for ever.

    \b
    Example:
        segval identity revoke study jdoe --reason key_compromise --note "notebook stolen"
    """
    from validation.study import revoking

    if note and not note.isprintable():
        raise click.BadParameter("give one printable line", param_hint="--note")
    for one in revoking.to_revoke(study, serial_or_user):
        click.echo(f"to be revoked: {one.person.user}, {one.person.name}, {one.serial}", err=True)
    revoked = revoking.revoke(
        study, serial_or_user, _opened(study), reason=reason, note=note.strip(), at=clock.now()
    )
    for one in revoked:
        click.echo(f"revoked {one.serial} of {one.person.user}, {one.person.name}")


@identity_command.command("crl")
@_study
@click.option(
    "--days",
    type=click.IntRange(1, 1096),
    default=365,
    show_default=True,
    help="For how long the list is to count.",
)
def _crl(study: Path, days: int) -> None:
    """Renew the revocation list of STUDY before it no longer counts.

    \b
    Example:
        segval identity crl study
    """
    from validation.study import authority

    renewed = authority.renew_list(study, _opened(study), at=clock.now(), days=days)
    until = f"{renewed.next_update_utc:%Y-%m-%d}"
    click.echo(f"revocation list {authority.crl_number(renewed)} counts until {until}")


def _person(user: str, name: str, organisation: str) -> "Person":
    import unicodedata

    from validation.attest.persons import Person, require_names

    named = (unicodedata.normalize("NFC", one.strip()) for one in (user, name, organisation))
    person = Person(*named)
    require_names(person)
    return person


def _require_free(*paths: Path) -> None:
    """Refuse, before a password is asked, what would be refused after it."""
    from validation.errors import RecordError

    for path in paths:
        if path.exists() or path.is_symlink():
            raise RecordError(
                "a file of that name exists and is never replaced",
                where=str(path),
                fix="give another name, or move it away",
            )


def _opened(study: Path) -> "Authority":
    from validation.study import authority

    authority.require_authority(study)
    return authority.open_authority(study, ask_password("the authority's key file"))


def _say(issued: "Issued") -> None:
    end: datetime = issued.certificate.not_valid_after_utc
    click.echo(
        f"{issued.person.user}, {issued.person.name}, valid until {end:%Y-%m-%d}\n"
        f"certificate  {issued.path}\n             {issued.fingerprint}"
    )


def _warn(warnings: tuple[str, ...]) -> None:
    for one in warnings:
        click.echo(f"warning: {one}", err=True)


def _table(identities: "tuple[Identity, ...]") -> list[str]:
    if not identities:
        return ["no certificate was issued yet"]
    lines = []
    for one in identities:
        word = one.standing.replace("_", " ")
        lines.append(f"{one.user}  {one.name}  {word}" + (f" - {one.reason}" if one.reason else ""))
        lines.append(f"    valid {one.valid_from:%Y-%m-%d} to {one.valid_until:%Y-%m-%d}")
        lines.append(f"    serial {one.serial}\n    {one.fingerprint}")
    return lines
