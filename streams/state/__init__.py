"""State that survives crashes: rows in memory, written behind to Faust tables.

A table write for each event would cap a worker at a few thousand events a second. So rows live in memory
(`partition`), each stamped with the source offset that it includes; once a second the changed ones go to the
table's changelog, then to RocksDB (`store`), and only then are their source batches acknowledged
(`table`). After a crash unacknowledged batches come again; rows that hold them skip them.
"""
