"""Listeners: from a vendor's live feed to records on Kafka."""
