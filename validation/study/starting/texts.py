"""The texts of a new study, which are templates."""

from collections.abc import Mapping

from validation.errors import ToolError

PIPELINES = {
    "validate.sh": "pipeline/validate.sh",
    ".github/workflows/validate.yml": "pipeline/github.yml.jinja",
    ".gitlab-ci.yml": "pipeline/gitlab.yml.jinja",
}
"""Template of each file of a pipeline by its place in a study."""


def pipeline(protocol: str, script: str) -> dict[str, bytes]:
    """Return the files of a pipeline by their place in a repository.

    Args:
        protocol: Path of the protocol in the repository, as a shell reads it.
        script: Path of the script.
    """
    view = {"protocol": protocol, "script": script}
    return {name: rendered(template, view) for name, template in PIPELINES.items()}


def rendered(template: str, view: Mapping[str, str]) -> bytes:
    """Return a text of the study; values come as quoted YAML where a template says so."""
    import json

    import jinja2

    from validation.report.render import template_folder

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder() / "study"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML, Markdown and Python, no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # A JSON string of printable characters is a double-quoted YAML scalar.
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    try:
        return environment.get_template(template).render(view).encode()
    except jinja2.TemplateError as error:
        raise ToolError(
            f"a template of the study cannot be used: {error}",
            where=str(template_folder() / "study" / template),
            fix="install segval again",
        ) from error
