# The web process. Its settings come from the environment (docs/operators-guide.md); its data lie in PostgreSQL, and the
# documents of proposals in a volume.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/aspire

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock

COPY . .
# Words and static files are the same for every installation, so they are made once, with the settings of a local start.
RUN pybabel --quiet compile --directory aspire/locale --domain django \
    && ASPIRE_MODE=local python manage.py collectstatic --no-input && rm -f var/secret_key \
    && useradd --system --no-create-home aspire && install --directory --owner=aspire var/documents

USER aspire
VOLUME /srv/aspire/var/documents
EXPOSE 8000
ENV PORT=8000 WEB_CONCURRENCY=2 ASPIRE_MODE=production
HEALTHCHECK --interval=30s --timeout=10s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=8)"]
CMD ["sh", "-c", "exec gunicorn aspire.wsgi --bind 0.0.0.0:${PORT} --workers ${WEB_CONCURRENCY} --threads 4 --no-control-socket"]
