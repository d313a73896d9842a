"""A clock that is wrong on demand: the folder of a `sitecustomize` that Python runs at its start."""
