// Written by scripts/web_types.py from the back end's catalogue and structs: change those.

/** The platform's topics, without the installation's prefix. */
export const TOPICS = ["trades", "quotes", "aggregates", "halts", "news", "unknown", "volume-curves", "reference", "alerts", "screeners", "scanner-partials", "trades-partials", "halts-partials", "news-filed"] as const;
