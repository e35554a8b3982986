# Two stages: the first resolves nothing, it only installs what requirements.lock pins by hash; the second holds no build tool.
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_LINK_MODE=copy
WORKDIR /build
RUN python3 -m venv /build/uv && /build/uv/bin/pip install uv==0.13.8 && python3 -m venv --without-pip /opt/venv
COPY requirements.lock .
RUN /build/uv/bin/uv pip install --no-cache --python /opt/venv/bin/python --compile-bytecode --require-hashes -r requirements.lock

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app HOST=0.0.0.0 \
    DATABASE_URL=sqlite+aiosqlite:////data/jiravision.db
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app \
    && mkdir /data && chown app:app /data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY pyproject.toml atlassian-connect.json ./
COPY addon addon
COPY descriptor descriptor
COPY sandbox sandbox
COPY templates templates
COPY static static
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8080') + '/health/live', timeout=4)"]
ENTRYPOINT ["python", "-m", "addon.cli.main"]
CMD ["serve"]
