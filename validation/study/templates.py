"""A company's template folder, read and held against the digest that the protocol names."""

from pathlib import Path

from validation import workspace
from validation.errors import RenderError, ToolError
from validation.report.company import digest_of, require_usable
from validation.study.opening import OpenProtocol

_NEW_REVISION = "another folder needs a new revision of the protocol"


def read_templates(opened: OpenProtocol) -> dict[str, bytes]:
    """Return the files of the protocol's template folder by path; none where it names none.

    Raises:
        RenderError: The folder cannot be read, has problems, or is another one.
    """
    named = opened.protocol.document.templates
    if named is None:
        return {}
    folder = opened.folder / named.folder
    files = read_template_folder(folder)
    found = digest_of(files)
    if found != named.digest:
        raise RenderError(
            f"the templates are not those that the protocol names: {found}, asked {named.digest}",
            where=str(folder),
            fix=f"while the protocol is written: `digest: {found}`; {_NEW_REVISION} afterwards",
        )
    return files


def read_template_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of a template folder by path, all of them usable.

    Raises:
        RenderError: The folder cannot be read, or has problems; all at once.
    """
    if not folder.is_dir():
        raise RenderError("the folder of templates is not there", where=str(folder))
    try:
        names = workspace.walk(folder, ["."])
        files = {name: workspace.read(folder / name, "a template") for name in names}
    except ToolError as error:
        raise RenderError(
            "the folder of templates cannot be read",
            where=str(folder),
            fix=error.fix,
            problems=error.problems,
        ) from error
    require_usable(files, str(folder))
    return files
