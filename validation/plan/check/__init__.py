"""Every contradiction of a protocol at once, with line numbers: one subject a file.

A subject's file states its rules and the finders that yield objections to them; `checking`
asks them all. They need the protocol and the catalogue of metrics (handed in, as the catalogue
belongs to a later room) and open no file. Errors forbid a run; warnings are for the author.
"""

from validation.plan.check.checking import FINDERS, check, rules
from validation.plan.check.metric_terms import Finder, Metrics, MetricTerms
from validation.plan.check.objections import Found, Level, Objection, Remark, Rule

__all__ = [
    "FINDERS",
    "Finder",
    "Found",
    "Level",
    "MetricTerms",
    "Metrics",
    "Objection",
    "Remark",
    "Rule",
    "check",
    "rules",
]
