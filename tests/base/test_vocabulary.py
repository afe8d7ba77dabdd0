"""Terms and reasons as people read them."""

from sevaxis.base.vocabulary import Agreement, Compartment, Reason, Stratum


def test_words_fall_back_on_the_term_and_brief_words_on_the_words():
    assert (Stratum.ALL.words, Stratum.ALL.brief) == ("All samples", "All samples")
    assert (Stratum.INTERACTION.words, Stratum.INTERACTION.brief) == (
        "Interaction (male − female)",
        "Male − female",
    )
    # what a sentence leaves out is empty, not missing
    assert (Compartment.TISSUE.brief, Agreement.NO_HYPOTHESIS.brief) == ("", "")


def test_a_reason_without_the_facts_of_a_row_names_them():
    told = Reason.FEW_OF_A_SEX.tell(level="control", count=1, sex="female", needed=2)
    assert told == "too few: control has 1 female of at least 2"
    assert Reason.FEW_OF_A_SEX.general == "too few: [level] has n [sex] of at least n"
    assert Reason.ONE_SEX.general == "one sex: all samples of known sex are [sex]"
    assert Reason.GENE_NOT_LISTED.general.startswith("the gene is known, but the data set has no such row")
    assert Reason.ONE_SIDE_ONLY.general.startswith("detected in some case and some reference samples")
