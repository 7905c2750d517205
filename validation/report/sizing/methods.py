"""How the number of a design is computed, in paragraphs with their sources."""

from collections.abc import Mapping

_SHARE = (
    "Of n independent observations X succeed; X is binomial. The criterion is met where the limit "
    "of X of n is at least the bound: for Wilson where (X/n \u2212 b) / \u221a(b(1 \u2212 "
    "b)/n) reaches the normal quantile (Wilson, JASA 22, 1927), for Clopper and Pearson "
    "where P(X or more | b) is at most one minus the level of the limit (Biometrika 26, "
    "1934).\n\n"
    "The power is the sum of the binomial probabilities of these outcomes: it has no error "
    "but that of the machine. Seen over n it is a sawtooth; the number given is the least "
    "from which on it holds. For numbers beyond some n that follows from Chernoff\u2019s "
    "bound (Annals of Mathematical Statistics 23, 1952), and every number below is "
    "computed."
)
_MEAN = (
    "The limit of a mean of n values is Student\u2019s; its power is the probability of a "
    "noncentral t distribution with n \u2212 1 degrees of freedom and the noncentrality "
    "distance \xd7 \u221an / standard deviation (Chow, Shao and Wang, Sample Size "
    "Calculations in Clinical Research). A run has the bootstrap\u2019s limit, which is "
    "like it where cases are many and their values not very skewed."
)
METHODS: Mapping[str, str] = {
    "proportion": _SHARE,
    "success_run": (
        "Where none of n units fails, the one-sided lower limit of Clopper and Pearson is "
        "(1 \u2212 C) to the power 1/n, C being the level of the limit; so n = ln(1 \u2212 "
        "C) / ln(bound), rounded up (Hanley and Lippman-Hand, JAMA 249, 1983).\n\n"
        "One failure, and nothing is shown: the chance that a model with the true share p "
        "passes is p to the power n."
    ),
    "precision": (
        "The half-width of the interval is taken where the expected share is observed. It "
        "falls with n, and the number given is the least at which it is as small as asked."
    ),
    "mean": _MEAN,
    "mean_difference": "The differences of the two models on each case are one sample.\n\n" + _MEAN,
    "paired_shares": (
        "Only units for which exactly one of the models succeeds tell them apart. The score "
        "test divides the difference by its standard deviation at the margin, with the "
        "share of discordant units that is most likely there (Nam, Biometrics 53, 1997; "
        "Tango, Statistics in Medicine 17, 1998). With a margin of 0 it is McNemar\u2019s "
        "test, and the number that of Connor (Biometrics 43, 1987).\n\n"
        "The number follows from the normal approximation."
    ),
    "unpaired_shares": (
        "The standard deviation of the difference is taken with both shares as expected, "
        "not pooled (Blackwelder, Controlled Clinical Trials 3, 1982; Chow, Shao and Wang, "
        "Sample Size Calculations in Clinical Research). The number follows from the normal "
        "approximation."
    ),
    "presence_bounds": _SHARE
    + "\n\n"
    + (
        "How many units have the finding is binomial, too. The total is the least that "
        "holds enough of both kinds, each with the stated assurance. Both bounds are met "
        "with at least the sum of both powers minus one."
    ),
    "presence_precision": (
        "z\xb2 p (1 \u2212 p) / w\xb2 units are needed of each kind, w being the half- "
        "width, divided by its share of all units (Buderer, Academic Emergency Medicine 3, "
        "1996). In about half of the samples of that size one kind has fewer."
    ),
}
"""By the name of the design."""
CLUSTERS = (
    "Observations of one unit resemble each other. Their variance is that of independent "
    "ones times the design effect 1 + ((cv\xb2 + 1) m \u2212 1) r, with m observations a "
    "unit on average, cv their coefficient of variation and r the intraclass correlation "
    "(Kish, Survey Sampling, 1965; Eldridge, Ashby and Kerry, Int J Epidemiol 35, 2006).\n\n"
    "Of k units there are k \u2212 1 degrees of freedom, however many observations they "
    "hold: in place of normal quantiles those of Student\u2019s t are paid for, so that a "
    "few units more are needed where they are few (Hayes and Bennett, Int J Epidemiol 28, "
    "1999)."
)
"""Added where observations are clustered."""
