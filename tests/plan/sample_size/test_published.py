"""Numbers that others published are reproduced; each says where it stands."""

import math

import numpy as np
import pytest

from validation.plan.sample_size import (
    binomial_power,
    half_width,
    paired_shares,
    success_run,
    unpaired_shares,
)
from validation.plan.sample_size.design_effect import (
    clusters_for,
    design_effect,
    observations_for,
)
from validation.plan.sample_size.designs import PresencePrecision
from validation.plan.sample_size.sizing import size


@pytest.mark.parametrize(
    ("bound", "confidence", "published"),
    [
        # 59 and 29 units: the "success run" of design verification, as in every table of it.
        (0.95, 0.95, 59),
        (0.90, 0.95, 29),
        (0.90, 0.90, 22),
        (0.99, 0.95, 299),
        (0.95, 0.90, 45),
        (0.99, 0.90, 230),
        # Documentation of the Python package `reliability`, "Sample size required for no
        # failures": sample_size_no_failures(reliability=0.999) prints 2995 (CI 0.95).
        (0.999, 0.95, 2995),
    ],
)
def test_success_runs(bound: float, confidence: float, published: int) -> None:
    assert success_run.least_run(bound, confidence) == published
    # and by the definition: one unit fewer does not show the bound
    assert bound**published <= 1 - confidence + 1e-12 < bound ** (published - 1)


def test_the_exact_limit_of_a_run_without_failure_needs_the_same_number() -> None:
    two_sided = 0.9  # of which one limit has 95 %
    found = binomial_power.least_number(1.0, 0.95, two_sided, 0.99, "clopper_pearson")
    assert found == 59


def test_exact_binomial_power_as_lrstat_prints_it() -> None:
    # R package lrstat, documentation of powerOnePropExact:
    # > powerOnePropExact(n = 110, piH0 = 0.15, pi = 0.25, alpha = 0.05)
    #   alpha attainedAlpha     power   n piH0   pi  r
    # 1  0.05    0.03547524 0.8096741 110 0.15 0.25 24
    n = np.array([110])
    power = binomial_power.powers(n, 0.25, 0.15, 0.9, "clopper_pearson")[0]
    assert round(float(power), 7) == 0.8096741
    assert binomial_power.critical_counts(n, 0.15, 0.9, "clopper_pearson")[0] == 24


def test_exact_binomial_number_as_lrstat_has_it() -> None:
    # R package lrstat, its test of inversion: samplesizeOnePropExact(beta = 0.2, piH0 = 0.15,
    # pi = 0.25, alpha = 0.025) gives n = 136 with power 0.812676.
    found = binomial_power.least_number(0.25, 0.15, 0.95, 0.8, "clopper_pearson")
    assert found == 136
    power = binomial_power.powers(np.array([136]), 0.25, 0.15, 0.95, "clopper_pearson")[0]
    assert round(float(power), 6) == 0.812676


def test_unpaired_non_inferiority_of_chow_shao_and_wang() -> None:
    # R package TrialSize, TwoSampleProportion.NIS(0.05, 0.2, 0.65, 0.85, 1, 0.2, 0.05), its
    # example 4.2.4 of Chow, Shao and Wang: 97.54701, so 98 a group. There the distance of
    # the difference 0.2 from the margin 0.05 is 0.15.
    found = unpaired_shares.number(new=0.85, old=0.65, margin=-0.05, level=0.9, power=0.8, ratio=1)
    assert round(found, 5) == 97.54701


def test_mcnemar_is_non_inferiority_without_a_margin() -> None:
    # R package MESS, tests of power_mcnemar_test: paid = 0.05, psi = 45/5, power = 0.8 gives 22
    # pairs two-sided at 0.05 and 17 one-sided, after rounding.
    discordant, difference = 0.05 + 0.45, 0.45 - 0.05
    assert round(paired_shares.number(discordant, difference, 0, 0.95, 0.8)) == 22
    assert round(paired_shares.number(discordant, difference, 0, 0.9, 0.8)) == 17


def test_connors_number_of_pairs() -> None:
    # Connor, Biometrics 43, 1987: ((z_a sqrt(d) + z_b sqrt(d - e²)) / e)², at 0.025 and 0.2.
    z_alpha, z_beta = 1.9599639845400545, 0.8416212335729143
    discordant, difference = 0.3, 0.1
    wanted = z_alpha * math.sqrt(discordant) + z_beta * math.sqrt(discordant - difference**2)
    found = paired_shares.number(discordant, difference, 0, 0.95, 0.8)
    assert found == pytest.approx((wanted / difference) ** 2)


def test_wilsons_length_as_presize_prints_it() -> None:
    # R package presize, README: prec_prop(p = c(.2, .4), n = 10, method = "wilson") prints
    # prec 0.2265777 and 0.2595730, half the length.
    for share, published in ((0.2, 0.2265777), (0.4, 0.2595730)):
        width = half_width.half_widths(np.array([10]), share, 0.95, "wilson")[0]
        assert round(float(width), 7) == published


def test_a_cluster_sample_as_epir_works_it() -> None:
    # R package epiR, vignette on sample size: a crude number of 246, clusters of 20 and an
    # intraclass correlation of 0.02 give a design effect of 1.38, 340 subjects, 17 clusters.
    assert half_width.least_number(0.2, 0.05, 0.95, "normal") == 246
    effect = design_effect(20, 0, 0.02)
    assert round(effect, 9) == 1.38
    assert observations_for(246, effect) == 340
    assert clusters_for(340, 20) == 17


def test_variation_of_cluster_sizes_below_0_23_hardly_matters() -> None:
    # Eldridge, Ashby and Kerry, Int J Epidemiol 35, 2006, abstract: below 0.23 the effect of
    # adjusting is negligible; it is at most cv², 5 %.
    for size_of_cluster in (2, 10, 100):
        for icc in (0.01, 0.05, 0.2):
            equal, unequal = (design_effect(size_of_cluster, cv, icc) for cv in (0, 0.23))
            assert unequal / equal < 1.053


def test_buderers_formula() -> None:
    # Buderer, Academic Emergency Medicine 3, 1996, as the R package SampleSizeDiagnostics has it
    # with its example sn = 0.9, sp = 0.85, p = 0.2, w = 0.1, CI = 0.95:
    # ceiling(1.96² 0.9 0.1 / 0.1² / 0.2) = 173 and ceiling(1.96² 0.85 0.15 / 0.1² / 0.8) = 62.
    plan = PresencePrecision(
        design="presence_precision", sensitivity=0.9, specificity=0.85, prevalence=0.2,
        half_width=0.1, level=0.95,
    )  # fmt: skip
    found = size(plan)
    assert found.units == 173
    assert dict(found.parts)["in all, for the specificity"] == 62
