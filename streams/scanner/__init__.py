"""The scanner: leaderboards and quotes of all symbols, live.

Each partition keeps its symbols' states (`symbol`), turns them into rows (`row`) and ranks them
(`leaderboard`); its best rows go as a partial to one agent that merges them into the boards
(`partial`). User-defined boards (`screener`) go the same way: a partition's best by each (`shortlist`),
merged (`screener_boards`). They are defined in a file (`screener_file`) or by users (`user_screeners`), and
followed from both by one watch (`screener_watch`). `app` is the Faust shell around these rules.
"""
