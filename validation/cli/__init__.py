"""The command line: read, call the library, write, say what happened.

Results go to stdout (``--json`` for machines), progress and warnings to stderr. Exit status:
0 done and everything met, 1 done and something is not met or not verified, 2 wrong usage,
3 could not be done.
"""

import sys
import traceback
from typing import Any

import click

import validation
from validation.cli.audit import audit_command
from validation.cli.check import check_command
from validation.cli.choose import choose_command
from validation.cli.compare import compare_command
from validation.cli.deviation import deviation_command
from validation.cli.document import document_command
from validation.cli.fingerprint import fingerprint_command
from validation.cli.gate import gate_command
from validation.cli.identity import identity_command
from validation.cli.init import init_command
from validation.cli.lock import lock_command
from validation.cli.metrics import metrics_command
from validation.cli.plan_size import plan_size_command
from validation.cli.protocol import protocol_command
from validation.cli.report import report_command
from validation.cli.requirements import requirements_command
from validation.cli.run import run_command
from validation.cli.schema import schema_command
from validation.cli.sign import sign_command
from validation.cli.verify import verify_command
from validation.errors import ToolError


class CannotProceed(click.ClickException):
    """What could not be done, as a person at a terminal should see it."""

    exit_code = 3


class Commands(click.Group):
    """The one place where errors turn into exit statuses."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click's own way of ending
        except ToolError as error:
            raise CannotProceed(str(error)) from error
        except KeyboardInterrupt as error:
            said = "interrupted; what was done is kept, and --resume takes a run up again"
            raise CannotProceed(said) from error
        except OSError as error:
            where = f"\n  where: {error.filename}" if error.filename else ""
            raise CannotProceed(f"{error.strerror or error}{where}") from error
        except MemoryError as error:
            raise CannotProceed("the memory is not enough") from error
        except Exception as error:
            # Python would end with 1, which says "not met"; a fault of the tool is no verdict.
            click.echo(traceback.format_exc(), err=True)
            said = f"this is a fault of segval, please report it: {type(error).__name__}: {error}"
            raise CannotProceed(said) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(validation.__version__, prog_name="segval")
def main() -> None:
    """Validate a segmentation model: from a protocol to a record that an auditor can check.

    Exit status: 0 done and everything met; 1 done, and something is not met or not verified;
    2 wrong usage; 3 could not be done.

    \b
    Example:
        segval check protocols/nuclei-count/protocol.yaml
        segval run protocols/nuclei-count/protocol.yaml --out records/nuclei-count
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


for _command in (
    init_command,
    choose_command,
    requirements_command,
    check_command,
    plan_size_command,
    fingerprint_command,
    gate_command,
    compare_command,
    lock_command,
    protocol_command,
    run_command,
    deviation_command,
    sign_command,
    report_command,
    document_command,
    verify_command,
    audit_command,
    identity_command,
    metrics_command,
    schema_command,
):
    main.add_command(_command)
