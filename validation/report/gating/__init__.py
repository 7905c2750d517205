"""What a pipeline shows of a record: its criteria as a JUnit file, and a summary of the job.

Words and figures are those of the report, so that nobody reads two roundings of one figure.
"""

from validation.report.gating.checks import Check, checks
from validation.report.gating.comparison import comparison_junit, comparison_summary
from validation.report.gating.job_summary import job_summary
from validation.report.gating.junit import junit

__all__ = ["Check", "checks", "comparison_junit", "comparison_summary", "job_summary", "junit"]
