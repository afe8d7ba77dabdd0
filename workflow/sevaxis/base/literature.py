"""Papers and formulas that the methods text cites: each once, by a short key."""

from __future__ import annotations

#: Key, as cited in a text -> reference.
PAPERS = {
    "Robinson & Oshlack 2010": "Genome Biol 11:R25. doi:10.1186/gb-2010-11-3-r25",
    "Anders & Huber 2010": "Genome Biol 11:R106. doi:10.1186/gb-2010-11-10-r106",
    "Chen et al. 2016": "F1000Research 5:1438. doi:10.12688/f1000research.8987.2",
    "Law et al. 2014": "Genome Biol 15:R29. doi:10.1186/gb-2014-15-2-r29",
    "Liu et al. 2015": "Nucleic Acids Res 43:e97. doi:10.1093/nar/gkv412",
    "Smyth 2004": "Stat Appl Genet Mol Biol 3:3. doi:10.2202/1544-6115.1027",
    "Phipson et al. 2016": "Ann Appl Stat 10:946-963. doi:10.1214/16-AOAS920",
    "Ritchie et al. 2006": "BMC Bioinformatics 7:261. doi:10.1186/1471-2105-7-261",
    "Smyth et al. 2005": "Bioinformatics 21:2067-2075. doi:10.1093/bioinformatics/bti270",
    "Love et al. 2014": "Genome Biol 15:550. doi:10.1186/s13059-014-0550-8",
    "Bourgon et al. 2010": "Proc Natl Acad Sci USA 107:9546-9551. doi:10.1073/pnas.0914005107",
    "Li & Smyth 2023": "Bioinformatics 39:btad200. doi:10.1093/bioinformatics/btad200",
    "Li et al. 2025": "bioRxiv 2025.04.28.651125. doi:10.1101/2025.04.28.651125",
    "Lund et al. 2012": "Stat Appl Genet Mol Biol 11(5):8. doi:10.1515/1544-6115.1826",
    "Zhu et al. 2020": "Mol Cell Proteomics 19:1047-1057. doi:10.1074/mcp.TIR119.001646",
    "Satterthwaite 1946": "Biometrics Bull 2:110-114. doi:10.2307/3002019",
    "Gelman & Stern 2006": "Am Stat 60:328-331. doi:10.1198/000313006X152649",
    "Benjamini & Hochberg 1995": "J R Stat Soc B 57:289-300. doi:10.1111/j.2517-6161.1995.tb02031.x",
    "Holm 1979": "Scand J Stat 6:65-70",
    "Fisher 1935": "J R Stat Soc 98:39-82. doi:10.2307/2342435",
    "Birch 1964": "J R Stat Soc B 26:313-324",
    "McNemar 1947": "Psychometrika 12:153-157. doi:10.1007/BF02295996",
    "Zelen 1971": "Biometrika 58:129-137. doi:10.1093/biomet/58.1.129",
    "Tarone 1990": "Biometrics 46:515-522. doi:10.2307/2531456",
    "Fieller 1954": "J R Stat Soc B 16:175-185. doi:10.1111/j.2517-6161.1954.tb00159.x",
    "Gelman & Carlin 2014": "Perspect Psychol Sci 9:641-651. doi:10.1177/1745691614551642",
    "Firth 1993": "Biometrika 80:27-38. doi:10.1093/biomet/80.1.27",
    "Heinze & Schemper 2002": "Stat Med 21:2409-2419. doi:10.1002/sim.1047",
    "Benjamini & Heller 2008": "Biometrics 64:1215-1222. doi:10.1111/j.1541-0420.2007.00984.x",
    "Cohen 1988": "Statistical Power Analysis for the Behavioral Sciences, chapter 2",
    "Schuirmann 1987": "J Pharmacokinet Biopharm 15:657-680. doi:10.1007/BF01068419",
}
#: Name -> TeX, within what matplotlib's mathtext draws.
FORMULAS = {
    "tmm": (
        r"\log_2 f_k=\frac{\sum_{g\in G} w_g M_g}{\sum_{g\in G} w_g},\quad "
        r"M_g=\log_2\frac{Y_{gk}/N_k}{Y_{gr}/N_r},\quad "
        r"w_g^{-1}=\frac{N_k-Y_{gk}}{N_k Y_{gk}}+\frac{N_r-Y_{gr}}{N_r Y_{gr}}"
    ),
    "voom": (
        r"y_{gi}=\log_2\left(\frac{r_{gi}+0.5}{f_i N_i+1}\times 10^6\right),\quad "
        r"w_{gi}=\mathrm{lo}(\hat{\lambda}_{gi})^{-4}"
    ),
    "model": r"\mathrm{E}(y_g)=X\alpha_g,\quad \mathrm{var}(y_g)=\sigma_g^2 W_g^{-1},\quad \beta_g=c^T\alpha_g",
    "negative_binomial": (
        r"K_{gi}\sim\mathrm{NB}(s_i q_{gi},\,\alpha_g),\quad \log_2 q_g=X\beta_g,\quad "
        r"W_g=c^T\hat{\beta}_g/\mathrm{se}(c^T\hat{\beta}_g)"
    ),
    "quasi_likelihood": (
        r"\mathrm{var}(Y_{gi})=\sigma_g^2(\mu_{gi}+\phi_g\mu_{gi}^2),\quad s_g^2=D_g/d_g,\quad "
        r"\tilde{s}_g^2=\frac{d_0 s_{0g}^2+d_g s_g^2}{d_0+d_g},\quad "
        r"F_g=\frac{D_g^{H_0}-D_g}{\tilde{s}_g^2}\sim F_{1,\,d_0+d_g}"
    ),
    "random_intercept": (
        r"y_{gi}=x_i^T\alpha_g+u_{g,s(i)}+\varepsilon_{gi},\quad u_g\sim N(0,\tau_g^2),\quad "
        r"\varepsilon_g\sim N(0,\sigma_g^2)"
    ),
    "detection_curve": (
        r"\mathrm{logit}\,P(\mathrm{detected}\mid y)=b_0+b_1 y,\quad "
        r"\bar{y}_{missing}=\bar{y}_g-b_1 s_g^2,\quad "
        r"\mathrm{logit}\,P_g=b_0+b_1\left(\bar{y}_g-b_1 s_g^2/2\right)"
    ),
    "strata": r"\beta_{average}=\frac{\beta_F+\beta_M}{2},\quad \beta_{interaction}=\beta_M-\beta_F",
    "moderated": (
        r"\tilde{s}_g^2=\frac{d_0 s_0^2+d_g s_g^2}{d_0+d_g},\quad "
        r"\tilde{t}_g=\frac{\hat{\beta}_g}{\tilde{s}_g\sqrt{v_g}}\sim t_{d_0+d_g}"
    ),
    "block": r"\mathrm{cor}(y_{gi},y_{gj})=\rho\quad \mathrm{for\ samples\ of\ one\ subject}",
    "ci": r"\hat{\beta}_g\pm t_{0.975,\,d}\,se_g",
    "mde": r"\mathrm{P}\left(|T_{d,\,\delta/se}|>t_{1-\alpha/2,\,d}\right)=\pi",
    "bh": r"q_{(i)}=\min_{j\geq i}\,\min\left(1,\frac{m\,p_{(j)}}{j}\right)",
    "holm": r"\tilde{p}_{(i)}=\max_{j\leq i}\,\min\left(1,(m-j+1)\,p_{(j)}\right)",
    "fisher": (
        r"p=\sum_{k:\,P(k)\leq P(a)}P(k),\quad P(k)=\frac{\binom{n_1}{k}\binom{n_2}{D-k}}{\binom{n_1+n_2}{D}}"
    ),
    "tost": r"p=\mathrm{P}\left(T_d<-\frac{\Delta-|\hat{\beta}_g|}{se_g}\right)",
}


def cited(text: str) -> list[tuple[str, str]]:
    """Papers that a text cites, in the order of :data:`PAPERS`."""
    return [(key, paper) for key, paper in PAPERS.items() if key in text]
