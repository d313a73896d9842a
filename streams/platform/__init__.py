"""The platform as processes of one machine: what they are, how they are, and who keeps them running."""
