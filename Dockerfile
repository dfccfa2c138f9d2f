# Airflow, dbt, Great Expectations and reveil in one image; docker-compose.yaml runs every component from it.
FROM python:3.11.14-slim-bookworm

# No PYTHONDONTWRITEBYTECODE: pip compiles what it installs, and importing without byte code costs 10 s a process.
ENV AIRFLOW_HOME=/opt/airflow \
    REVEIL_DATA=/opt/reveil/data \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1

# The folders that volumes are mounted on take their owner from here.
RUN useradd --create-home --uid 10001 --user-group reveil \
    && install --directory --owner=reveil --group=reveil \
        /opt/airflow /opt/airflow/auth /opt/airflow/logs /opt/reveil/data /opt/reveil/data/landing

WORKDIR /opt/reveil

# The lock first: it changes rarely, and the layer with it.
COPY requirements/docker.txt requirements/docker.txt
RUN pip install --no-deps --require-hashes --requirement requirements/docker.txt

# The code belongs to root: nothing that runs as reveil can change it.
COPY pyproject.toml README.md LICENSE ./
COPY include include
COPY dags dags
COPY dbt_project dbt_project
COPY expectations expectations
COPY plugins plugins
RUN pip install --no-deps --editable . \
    && python -m compileall -q include dags

USER reveil
CMD ["reveil", "--help"]
