"""Which gene a feature is: identifiers, orthologs, the mapping to human genes, panels."""
