"""``segval sign``: a signature under 21 CFR 11, shown before it is given."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation import clock
from validation.cli.options import FILE, FOLDER, SYMBOLS, json_option, say_json
from validation.cli.password import ask_password, ask_yes
from validation.errors import SignatureError

if TYPE_CHECKING:
    from validation.attest.signatures import Level
    from validation.attest.signing_subject import SigningSubject
    from validation.study.presenting import Presented
    from validation.study.signing import SignedFile
    from validation.study.signing_keys import SigningKey

_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("sign")
@click.argument("pdf", type=FILE)
@click.option("--role", required=True, help="Role in which you sign, as in the protocol.")
@click.option("--key", type=FILE, help="Your key file (PKCS#12).")
@click.option("--token-library", type=FILE, help="PKCS#11 library of a token, instead of --key.")
@click.option("--token", help="Label of the token.")
@click.option("--token-key", help="Label of key and certificate on the token.")
@click.option(
    "--level",
    type=click.Choice(["B-B", "B-T", "B-LTA"]),
    default="B-B",
    show_default=True,
    help="PAdES level; B-T and B-LTA need --tsa.",
)
@click.option("--tsa", metavar="URL", help="Time-stamp authority (RFC 3161).")
@click.option("--study", type=FOLDER, help="Folder of the protocol, where it is not found.")
@click.option("--trust", type=FOLDER, help="Folder of pinned roots and revocation lists.")
@click.option("--out", type=_NEW_FILE, help="Signed file; else signed/NAME-NUMBER-ROLE.pdf.")
@click.option(
    "--again",
    metavar="REASON",
    default="",
    help="Sign a revision again that was signed already, e.g. because the file was lost.",
)
@click.option(
    "--import-signed",
    type=FILE,
    metavar="SIGNED",
    help="Take back PDF as it was signed elsewhere, instead of signing it here.",
)
@json_option
def sign_command(  # noqa: PLR0917 - click calls it by name
    pdf: Path,
    role: str,
    key: Path | None,
    token_library: Path | None,
    token: str | None,
    token_key: str | None,
    level: "Level",
    tsa: str | None,
    study: Path | None,
    trust: Path | None,
    out: Path | None,
    again: str,
    import_signed: Path | None,
    as_json: bool,
) -> None:
    """Sign PDF, a protocol document or a report, as the next of its signatories.

    What will be signed is shown and asked for, then the password, for every signature. The
    signed revision is a new file; the audit trail of the study is told before and after.

    Exit status 0: it is signed; 3: it is not, and why.

    \b
    Example:
        segval sign records/nuclei-count/report.pdf --key me.p12 --role author \\
            --study protocols/nuclei-count
    """
    from validation.study.identity_store import pinned_trust
    from validation.study.presenting import present
    from validation.study.signing import require_free, signed_path
    from validation.study.study_folder import study_of

    means = Means(key, token_library, token, token_key)
    _require_consistent(means, level, tsa, elsewhere=import_signed is not None)
    folder = study_of(pdf, study)
    if sys.stderr.isatty():
        click.echo("Checking the document and its signatures so far …", err=True)
    pinned = pinned_trust(folder, trust)
    presented = present(pdf, role, study=folder, trust=pinned, again=again.strip())
    if import_signed is not None:
        from validation.study.importing_signed import import_document

        place = import_document(presented, import_signed, out=out)
        _say_imported(place, presented, as_json=as_json)
        return
    require_free(out or signed_path(presented))
    for line in card(presented):
        click.echo(line, err=True)
    if not ask_yes("Do you sign this?"):
        raise SignatureError("you did not sign it: nothing was written")
    with means.opened(presented) as opened:
        signed = _signed(presented, opened, level, tsa, out)
    _say(signed, presented, as_json=as_json)


def _require_consistent(
    means: "Means", level: "Level", tsa: str | None, *, elsewhere: bool
) -> None:
    """Refuse options that would be passed over, before anything is asked.

    Raises:
        click.UsageError: Says which.
    """
    if elsewhere:
        if means.is_given or tsa is not None or level != "B-B":
            raise click.UsageError(
                "what was signed elsewhere is taken as it is: leave out key, token, --level, --tsa"
            )
        return
    means.require_one()
    if level != "B-B" and tsa is None:
        raise click.UsageError(f"level {level} needs a time-stamp authority: give it by --tsa")
    if level == "B-B" and tsa is not None:
        raise click.UsageError("a time stamp belongs to --level B-T or B-LTA")


def _signed(
    presented: "Presented", key: "SigningKey", level: "Level", tsa: str | None, out: Path | None
) -> "SignedFile":
    from validation.attest.time_stamps import HttpTimeStamper
    from validation.study.signing import sign_presented

    stamper = HttpTimeStamper(tsa, clock.now()) if tsa else None
    return sign_presented(
        presented, key.signer, key=key.name, level=level, time_stamper=stamper, out=out
    )


def card(presented: "Presented") -> list[str]:
    """Return what a person is shown before signing: what, as what, after whom, with what words."""
    subject, signatory = presented.subject, presented.signatory
    kind = {"protocol": "validation protocol", "report": "validation report"}[subject.kind]
    lines = [
        f"document   {kind} {subject.number}, revision {subject.revision}: {subject.title}",
        f"file       {presented.path}",
        f"SHA-256    {presented.digest.removeprefix('sha256:')}",
    ]
    if subject.kind == "report":
        lines[1:1] = _of_record(subject)
    lines += [
        f"signed by  {one.name} ({one.user}), {subject.signatories[one.number - 1].role}"
        for one in presented.document.signatures
    ]
    place = f"signature {presented.position + 1} of {len(subject.signatories)}"
    after = "; nobody can sign after it" if presented.is_last else ""
    return [
        *lines,
        f"you sign   as {signatory.role} ({signatory.title}), {place}{after}",
        f"meaning    {signatory.meaning}",
    ]


def _of_record(subject: "SigningSubject") -> list[str]:
    """Return what a report says of its record; who signs sees the open deviations."""
    findings = subject.findings
    if findings is None:
        return []
    verdict = f"{SYMBOLS[findings.verdict]}{findings.with_deviations}"
    lines = [f"record     {subject.id}, verdict {verdict}"]
    if still_open := findings.open_deviations:
        lines.append(
            f"OPEN       {', '.join(still_open)}: once this report is signed, no deviation in it "
            "can be closed"
        )
    return lines


@dataclass(frozen=True)
class Means:
    """What a person signs with: a key file, or a token."""

    key: Path | None
    library: Path | None
    token: str | None
    token_key: str | None

    @property
    def is_given(self) -> bool:
        """Tell whether anything of either is given."""
        given = (self.key, self.library, self.token, self.token_key)
        return any(one is not None for one in given)

    def require_one(self) -> None:
        """Refuse none and both.

        Raises:
            click.UsageError: Neither or both are given.
        """
        one_token = self.library is not None and self.token is not None
        any_token = any(one is not None for one in (self.library, self.token, self.token_key))
        if (self.key is None and not one_token) or (self.key is not None and any_token):
            said = "give your key file by --key, or a token by --token-library and --token"
            raise click.UsageError(said)

    @contextmanager
    def opened(self, presented: "Presented") -> Iterator["SigningKey"]:
        """Ask for the password or PIN, and give the key for one signature."""
        from validation.study.presenting import about_document
        from validation.study.signing_keys import open_key_file, opened_token

        about, study = about_document(presented.subject, presented.digest), presented.study
        if self.key is not None:
            yield open_key_file(self.key, about, study=study, ask=ask_password)
        elif self.library is not None and self.token is not None:
            with opened_token(
                self.library, self.token, self.token_key, about, study=study, ask=ask_password
            ) as key:
                yield key


def _say(signed: "SignedFile", presented: "Presented", *, as_json: bool) -> None:
    stated = signed.manifestation
    if as_json:
        say_json(
            {
                "signed": str(signed.path),
                "digest": signed.digest,
                "complete": presented.is_last,
                "manifestation": stated.model_dump(mode="json"),
            }
        )
        return
    click.echo(f"signed  {signed.path}\n        {signed.digest}")
    click.echo(f"        {stated.name} ({stated.user}), {stated.role}, {stated.at}")
    if presented.is_last:
        click.echo("        the last signature: the document is locked")
    else:
        after = presented.subject.signatories[presented.position + 1]
        click.echo(f"        next: {after.role} ({after.title}) signs this file")


def _say_imported(place: Path, presented: "Presented", *, as_json: bool) -> None:
    if as_json:
        say_json({"signed": str(place), "complete": presented.is_last})
        return
    click.echo(f"recorded  {place}")
