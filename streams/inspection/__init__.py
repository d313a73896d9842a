"""Looks into topics for people: some records, from where they ask, as JSON. It changes nothing."""
