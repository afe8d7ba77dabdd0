"""The fourth room: the questions of a study, each a pure function of the effects."""
