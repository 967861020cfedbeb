# JupyterHub with its proxy, and servers in containers. No hidden tests, and nothing that grades.
# Build from the root of the course; `docker compose build` does.
FROM python:3.11-slim-bookworm

WORKDIR /opt/platform
COPY constraints.txt pyproject.toml README.md ./
COPY autograder ./autograder
RUN pip install --no-cache-dir --constraint constraints.txt \
       jupyterhub jupyterhub-idle-culler configurable-http-proxy pydantic jinja2 orjson \
       dockerspawner==14.0.0 oauthenticator==17.4.0 psycopg2-binary==2.9.13 \
    && pip install --no-cache-dir --no-deps .
COPY assignments/course.toml /srv/course.toml
COPY autograder/hub/deploy/compose/jupyterhub_config.py /srv/jupyterhub_config.py

VOLUME /srv/jupyterhub
WORKDIR /srv/jupyterhub
EXPOSE 8000
CMD ["jupyterhub", "-f", "/srv/jupyterhub_config.py"]
