"""``segval schema``: the JSON Schema of protocols, for editors."""

import click

from validation.cli.options import say_json


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of a protocol file, for completion and checks in an editor.

    \b
    Example:
        segval schema > protocol.schema.json
    """
    from validation.plan.protocol import json_schema

    say_json(json_schema())
