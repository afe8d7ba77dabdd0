"""From addresses and archives to verified files here."""
