"""Differential abundance of counts: negative binomial model, Wald and likelihood-ratio tests.

In the manner of DESeq2 (Love, Huber & Anders 2014, Genome Biology 15:550), written from the paper.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr

from sevaxis.models.dispersion import Dispersions, estimate_dispersions
from sevaxis.models.nb_glm import fit_coefficients
from sevaxis.models.size_factors import estimate_size_factors
