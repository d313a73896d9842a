"""The page in a browser. It is a package so that what its tests share ends with the last of them."""
