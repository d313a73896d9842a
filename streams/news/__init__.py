"""News: articles under their tickers, each link once, in its newest version."""
