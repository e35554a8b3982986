# Two stages: the first installs what requirements.lock pins by hash; the second takes the result and nothing that made it.
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# pip works from an environment of its own. The script is what installing the project would have made, and one thing more:
# Linux drops SIGTERM for process 1 while nothing handles it, so a stop during the start would go unheard.
RUN python3 -m venv installer && python3 -m venv --without-pip /opt/venv \
    && printf '%s\n' '#!/opt/venv/bin/python' 'import signal, sys' 'signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))' \
        'from addon.cli.main import run' 'run()' > /opt/venv/bin/jiravision \
    && chmod 755 /opt/venv/bin/jiravision
COPY requirements.lock ./
RUN installer/bin/pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r requirements.lock
WORKDIR /app
COPY pyproject.toml atlassian-connect.json LICENSE ./
COPY addon addon
COPY descriptor descriptor
COPY sandbox sandbox
COPY templates templates
COPY static static
# Metadata gives the program its version, bytecode a quick start, and the modes hold whatever umask the checkout had.
RUN version="$(python3 -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')" \
    && mkdir "jiravision-$version.dist-info" \
    && printf 'Metadata-Version: 2.1\nName: jiravision\nVersion: %s\n' "$version" > "jiravision-$version.dist-info/METADATA" \
    && /opt/venv/bin/python -m compileall -q addon descriptor sandbox \
    && chmod -R u=rwX,go=rX .

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="JiraVision" org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 DATABASE_URL=sqlite+aiosqlite:////data/jiravision.db
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app \
    && mkdir /data && chown app:app /data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# Below the path of BASE_URL, as everything; and not by urllib, which would ask a configured HTTP_PROXY for 127.0.0.1.
# worker and scheduler answer on PROBE_PORT; a serve that is given the same settings does not, and is asked on PORT.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=4 \
    CMD ["python", "-c", "import http.client, os, socket, sys, urllib.parse as u; given = [int(os.environ.get(name) or other) for name, other in (('PROBE_PORT', 0), ('PORT', 8080))]; port = next((p for p in given if p and socket.socket().connect_ex(('127.0.0.1', p)) == 0), given[1]); c = http.client.HTTPConnection('127.0.0.1', port, timeout=4); c.request('GET', u.urlsplit(os.environ.get('BASE_URL', '')).path.rstrip('/') + '/health/live'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["jiravision"]
CMD ["serve"]
