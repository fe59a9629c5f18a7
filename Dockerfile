# The bot in a container. For a build that never changes, pin the base image by its digest:
# `docker buildx imagetools inspect python:3.13-slim` prints it; write python:3.13-slim@sha256:...
FROM python:3.13-slim AS base

FROM base AS built
COPY requirements/runtime.txt /tmp/runtime.txt
# Wheels only: the slim image has no compiler. The environment gets no pip of its own.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir \
        --disable-pip-version-check --require-hashes --only-binary=:all: -r /tmp/runtime.txt
WORKDIR /app
COPY bot bot
COPY config config
# Whatever the umask was that the project was fetched with, its files can be read in the image.
RUN chmod -R a+rX . && /opt/venv/bin/python -m compileall -q bot

FROM base
RUN groupadd --system --gid 10001 bot \
    && useradd --system --uid 10001 --gid bot --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin bot \
    && install --directory --owner=bot --group=bot --mode=0700 /data
COPY --from=built /opt/venv /opt/venv
COPY --from=built /app /app
WORKDIR /app

# SQLite sorts large things in files: on the volume, because the rest may be read-only.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SQLITE_TMPDIR=/data \
    PAPER_BOT_CONFIG=/app/config/bot.toml \
    PAPER_BOT_DATABASE__PATH=/data/papers.db \
    PAPER_BOT_HEALTH__PORT=8080

USER 10001
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-m", "bot.run.probe"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
