"""Everything that can fail fails, on the real platform; afterwards clients see what they would have seen."""
