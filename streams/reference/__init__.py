"""Per-symbol reference data: what the vendor's REST knows of a symbol before the day starts."""
