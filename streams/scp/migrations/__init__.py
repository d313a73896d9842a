"""How the tables came about, step by step; run at every start, and by ``streams scp migrate``."""
