"""Every contradiction of a protocol at once, with line numbers: one subject a file.

A subject's file states its rules and the finders that yield objections to them; `checking`
asks them all. They need the protocol, the catalogue of metrics and, where it is known, the test
set in numbers (both handed in, as they belong to later rooms), and open no file. Errors forbid a
run; warnings are for the author, who may answer them under `accepted_warnings:`.
"""

from validation.plan.check.case_counts import CaseCounts, CaseFinder, PlannedCase, count_cases
from validation.plan.check.checking import CASE_FINDERS, FINDERS, check, rules
from validation.plan.check.metric_terms import Finder, Metrics, MetricTerms
from validation.plan.check.objections import Found, Level, Objection, Remark, Rule

__all__ = [
    "CASE_FINDERS",
    "FINDERS",
    "CaseCounts",
    "CaseFinder",
    "Finder",
    "Found",
    "Level",
    "MetricTerms",
    "Metrics",
    "Objection",
    "PlannedCase",
    "Remark",
    "Rule",
    "check",
    "count_cases",
    "rules",
]
