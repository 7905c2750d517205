"""How many units a test set needs: the arithmetic, pure, one design a module.

A *design* (`designs`) holds the assumptions, `sizing.size` what follows from them. SciPy and
statsmodels do the statistics; they are imported where they are used. Nothing here opens a file.

    >>> from validation.plan.sample_size.designs import Proportion
    >>> from validation.plan.sample_size.sizing import size
    >>> plan = Proportion(design="proportion", expected=0.95, bound=0.9, direction="at_least",
    ...                   interval="clopper_pearson", level=0.95, power=0.8)
    >>> size(plan).units
    255
"""
