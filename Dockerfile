# One image for the worker, the migrations and the command line.
#
# The embedded Temporal server and PostgreSQL arrive with the dependencies, because a fresh clone needs them;
# here DATABASE_URL and TEMPORAL_ADDRESS are always set, so they lie unused.

FROM python:3.11.15-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY pyproject.toml constraints.txt ./
# Dependencies only, without the development extra, at the constrained versions. The layer is rebuilt when
# these two files change, not when the code does.
RUN python -m venv /opt/venv \
    && python -c "import tomllib; print('\n'.join(tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']))" > requirements.txt \
    && /opt/venv/bin/pip install --requirement requirements.txt --constraint constraints.txt
COPY . /app
RUN /opt/venv/bin/python -m compileall -q /app

FROM python:3.11.15-slim-bookworm
LABEL org.opencontainers.image.title="talent-pool" \
      org.opencontainers.image.description="Durable workflows that carry NHS executive director nominations from nomination to the talent pool" \
      org.opencontainers.image.licenses="MIT"
# A fixed uid, so that volumes keep their owner from one image to the next.
RUN groupadd --gid 10001 talent-pool \
    && useradd --uid 10001 --gid talent-pool --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin talent-pool \
    && install --directory --owner=talent-pool --group=talent-pool /var/lib/talent-pool/mailbox
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001:10001
# The services' health checks differ, so they stand in docker-compose.yml.
CMD ["python", "worker.py"]
