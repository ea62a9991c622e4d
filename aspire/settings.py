"""Every setting of the project, read from the environment; an unsafe one stops the start with one line."""

from pathlib import Path
from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from aspire.environment import (
    database,
    documents,
    env,
    is_https,
    is_time,
    local_secret_key,
    mode,
    program,
    refuse,
    required,
    scanner,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
DATABASE_URL, MODE, PROGRAM = env.str("DATABASE_URL", ""), mode(), program()
IS_PRODUCTION = MODE == "production"
LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

DEBUG = env.bool("DEBUG", False)
LOG_LEVEL = env.str("LOG_LEVEL", "WARNING")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000) if IS_PRODUCTION else 0
if IS_PRODUCTION:
    required("DATABASE_URL")
    SECRET_KEY = required("SECRET_KEY")
    ALLOWED_HOSTS = [host.strip() for host in required("ALLOWED_HOSTS").split(",") if host.strip()]
    fewest_signs, fewest_different = 50, 5
    is_guessable = len(SECRET_KEY) < fewest_signs or len(set(SECRET_KEY)) < fewest_different
    refuse("SECRET_KEY", "must have at least 50 random characters", when=is_guessable or "insecure" in SECRET_KEY)
    refuse("ALLOWED_HOSTS", "must name the hosts, not '*'", when=any("*" in host for host in ALLOWED_HOSTS))
    refuse("DEBUG", "must be off", when=DEBUG)
    refuse("SECURE_HSTS_SECONDS", "must be positive", when=SECURE_HSTS_SECONDS <= 0)
    refuse("CSRF_TRUSTED_ORIGINS", "must begin with https://", when=not all(map(is_https, CSRF_TRUSTED_ORIGINS)))
else:
    SECRET_KEY = env.str("SECRET_KEY", "") or local_secret_key(VAR_DIR)
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
refuse("ASPIRE_MODE", "must be 'production' or 'local'", when=MODE not in {"production", "local"})
refuse("LOG_LEVEL", "must be one of " + ", ".join(LOG_LEVELS), when=LOG_LEVEL not in LOG_LEVELS)

INSTALLED_APPS = [
    "aspire",
    "partners",
    "calls",
    "proposals",
    "aspire.apps.AspireAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_filters",
    "import_export",
    "pghistory",
    "pgtrigger",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    # Before the redirect to https and the check of the host's name: a load balancer asks by http and by number.
    "aspire.operations.views.health_middleware",
    "aspire.logs.request_log_middleware",
    "aspire.operations.unavailable.streaming_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "aspire.headers.header_middleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "aspire.accounts.sessions.idle_middleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # After all that asks the database nothing, before all that does.
    "aspire.operations.server.watch_middleware",
    "aspire.operations.server.patience_middleware",
    "allauth.account.middleware.AccountMiddleware",
    "aspire.permissions.permission_middleware",
    "pghistory.middleware.HistoryMiddleware",
    "aspire.refusals.RefusalMiddleware",
]

ROOT_URLCONF, WSGI_APPLICATION = "aspire.urls", "aspire.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "aspire.navigation.navigation",
                "proposals.keeping.kept",
                "calls.hidden.notice",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "aspire.templatetags.figures"],
        },
    }
]

# Behind PgBouncer in transaction mode no session outlives its transaction (aspire/operations/pooler.py).
DATABASE_POOLED = env.bool("DATABASE_POOLED", False)
# What a page waits for at most (aspire/operations/server.py); commands, workers and migrate wait as long as it takes.
WEB_TIMEOUTS = {
    "statement_timeout": env.str("DATABASE_STATEMENT_TIMEOUT", "30s"),
    "lock_timeout": env.str("DATABASE_LOCK_TIMEOUT", "1s"),
    "idle_in_transaction_session_timeout": env.str("DATABASE_IDLE_TIMEOUT", "60s"),
}
WRITE_LOCK_TIMEOUT = env.str("DATABASE_WRITE_LOCK_TIMEOUT", "10s")
for variable, bound in zip(("STATEMENT", "LOCK", "IDLE"), WEB_TIMEOUTS.values(), strict=True):
    refuse(f"DATABASE_{variable}_TIMEOUT", "must be a time such as 500ms, 30s or 2min", when=not is_time(bound))
refuse("DATABASE_WRITE_LOCK_TIMEOUT", "must be a time such as 500ms, 30s or 2min", when=not is_time(WRITE_LOCK_TIMEOUT))
# The application connects as one role and migrate as another, the owner of the tables (aspire/operations/grants.py).
DATABASE_OWNER: dict[str, Any] | None = None
if DATABASE_URL:
    DATABASES = {"default": database("DATABASE_URL")}
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 0 if DATABASE_POOLED else 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLED
    if env.str("DATABASE_OWNER_URL", ""):
        DATABASE_OWNER = database("DATABASE_OWNER_URL")
else:
    DATABASES = {
        "default": {
            "ENGINE": "aspire.embedded",
            "NAME": "postgres",
            "USER": "aspire_app",
            "EMBEDDED_DATA_DIRECTORY": VAR_DIR / "postgres",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"application_name": PROGRAM},
        }
    }
    DATABASE_OWNER = {"USER": "postgres"}
DATABASE_APPLICATION_ROLE: str = DATABASES["default"]["USER"] if DATABASE_OWNER else "aspire_app"
# A file that the backup touches when it is whole, by which manage.py doctor knows of it.
BACKUP_STAMP = env.str("BACKUP_STAMP", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FILTERS_EMPTY_CHOICE_LABEL = _("All")
# The rate limits of the sign-in page must hold over all web processes, so their counters live in the database.
# So many fit that strangers cannot push a locked account's counter out; workers throw the expired ones away.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "aspire_cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "aspire" / "locale"]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "documents": documents(VAR_DIR / "documents"),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CLAMD = scanner()
AUTHENTICATION_BACKENDS = ["aspire.roles.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "aspire.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = False
# A mail to an unknown address would invite its owner to sign up, which is closed.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# How many proxies of ours stand before the web process, so that the sign-in's limit counts people and not the proxy.
# Figures for outside: a number under this, other than nought, is masked where a board is asked for masked.
SMALL_CELLS = env.int("SMALL_CELLS", 3)
refuse("SMALL_CELLS", "must be at least 2: under it, nothing is small", when=SMALL_CELLS <= 1)

ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 1 if IS_PRODUCTION else 0)
# Without a mail server production sends nothing: a link to a new password must not land in a log.
EMAIL_BACKEND = f"django.core.mail.backends.{'dummy' if IS_PRODUCTION else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "aspire@localhost")
if env.str("EMAIL_URL", ""):
    EMAIL = env.dj_email_url("EMAIL_URL")
    refuse("EMAIL_URL", "must begin with submission:// or smtp://", when="EMAIL_BACKEND" not in EMAIL)
    is_open = bool(EMAIL["EMAIL_HOST_PASSWORD"]) and not (EMAIL["EMAIL_USE_TLS"] or EMAIL["EMAIL_USE_SSL"])
    refuse("EMAIL_URL", "must not send its password without TLS", when=is_open)
    EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = EMAIL["EMAIL_BACKEND"], EMAIL["EMAIL_HOST"], EMAIL["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_USER"], EMAIL["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL["EMAIL_USE_TLS"], EMAIL["EMAIL_USE_SSL"]

# Work that outlives a request is done by workers: ``manage.py procrastinate worker``. A worker waits for new work by
# LISTEN where its connection is its own, and asks every second behind a pooler that hands connections on.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = [
    "aspire.sheets.running",
    "aspire.tasks.queue",
    "aspire.tasks.preparing",
    "proposals.intake.bundles",
]
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": env.int("WORKER_CONCURRENCY", 4),
    "listen_notify": env.bool("WORKER_LISTENS", not DATABASE_POOLED),
    "fetch_job_polling_interval": 1.0,
    "shutdown_graceful_timeout": 10.0,
    "delete_jobs": "always",
}

PGHISTORY_LEVEL = "STATEMENT"
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
PGHISTORY_JSON_ENCODER = "aspire.history.Sealed"

SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "aspire.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * env.int("SESSION_IDLE_MINUTES", 60)  # after the last sign of life (accounts/sessions.py)
refuse("SESSION_IDLE_MINUTES", "must be positive", when=SESSION_COOKIE_AGE <= 0)
X_FRAME_OPTIONS = "DENY"
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    # Such a cookie is taken from this host over https alone: no neighbour under the same domain can plant one.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SELF = ["'self'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        **{f"{what}-src": SELF for what in ("script", "style", "font", "connect", "frame")},
        "img-src": [*SELF, "data:"],
        "form-action": SELF,
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{levelname} {name}: {message}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{asctime}{levelname}{name}{message}{request_id}",
            "style": "{",
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
            "json_ensure_ascii": False,
        },
    },
    # A database that is gone has its one line from ``operations.unavailable``; each request need not say so again.
    "filters": {
        "request_id": {"()": "aspire.logs.RequestId"},
        "incidents_told": {"()": "aspire.operations.unavailable.IncidentsTold"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if IS_PRODUCTION else "line",
            "filters": ["request_id"],
        },
        "nowhere": {"class": "logging.NullHandler"},
    },
    "loggers": {
        # Strangers who try host names, and HEAD requests, are nobody's trouble.
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
        "django.request": {"filters": ["incidents_told"]},
        "gunicorn.http.wsgi": {"level": "ERROR"},
        # A line for each request and each event of security, where somebody collects them.
        "aspire.requests": {"level": "INFO" if IS_PRODUCTION else "WARNING"},
        "aspire.security": {"level": "INFO" if IS_PRODUCTION else "WARNING"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
