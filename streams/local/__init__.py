"""The local stack: a real Kafka and a real Redis without Docker, root or anything installed by hand."""
