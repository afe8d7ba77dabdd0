"""The sections of the page: each turns answers and effects into what its template shows."""
