"""The whole platform on this machine, fed by the market simulator, with a view of what it does."""
