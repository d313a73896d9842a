"""The scanner: leaderboards and quotes of all symbols, live.

Each partition keeps its symbols' states (`symbol`), turns them into rows (`row`) and ranks them
(`leaderboard`); its best rows go as a partial to one agent that merges them into the boards
(`partial`). User-defined boards (`screener`, read from `screener_file`) go the same way: a partition's
best by each (`shortlist`), merged (`screener_boards`). `app` is the Faust shell around these rules.
"""
