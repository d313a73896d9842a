# The image of every component; its command says which: streams listen massive, streams wds, faust -A …
# Build it in the root of the repository: docker build -t market-streams:0.1.0 .
# BASE is any Debian with Python 3.11 and venv: a mirror's copy, or the same pinned by digest.
ARG BASE=python:3.11.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
COPY constraints/runtime.txt constraints/
RUN python -m venv /opt/streams \
    && /opt/streams/bin/pip install --no-cache-dir --require-hashes -r constraints/runtime.txt
COPY pyproject.toml README.md ./
COPY streams streams
RUN /opt/streams/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM ${BASE}
# Whoever it runs as owns the data directory: a new volume mounted there takes that over.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp streams \
    && install -d -o 10001 -g 10001 /data
COPY --from=build /opt/streams /opt/streams
ENV PATH=/opt/streams/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data
USER 10001:10001
WORKDIR /tmp
VOLUME /data
# Whichever component it runs; Kubernetes has probes of its own instead.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["python", "-m", "streams.platform.healthcheck"]
CMD ["streams", "--help"]
