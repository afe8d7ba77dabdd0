"""The third room: from a matrix to rows of the effects table, and what really ran."""
