"""The HTTP routes, by what they are about; what they do is done elsewhere."""
