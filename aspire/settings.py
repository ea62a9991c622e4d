"""Every setting of the project, read from the environment; an unsafe one stops the start with one line."""

import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = Env()

# A deployment names its database. Without one this is somebody's own machine: loopback only, embedded PostgreSQL.
DATABASE_URL = env.str("DATABASE_URL", "")
MODE = env.str("ASPIRE_MODE", "production" if DATABASE_URL else "local")
IS_PRODUCTION = MODE == "production"
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def refuse(name: str, demand: str, *, when: bool) -> None:
    """Stop the start where an environment variable is unsafe, with one line that names it."""
    if when:
        raise ImproperlyConfigured(f"{name} {demand}{' in production' if IS_PRODUCTION else ''}.")


def required(name: str) -> str:
    """The value of an environment variable that production cannot do without."""
    value = env.str(name, "")
    refuse(name, "must be set", when=not value)
    return value


def is_https(origin: str) -> bool:
    return origin.startswith("https://")


def local_secret_key() -> str:
    """A key of this machine's own, made at the first start and kept in ``var``."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_urlsafe(50))
        path.chmod(0o600)
    return path.read_text()


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
    SECRET_KEY = env.str("SECRET_KEY", "") or local_secret_key()
    ALLOWED_HOSTS = LOOPBACK
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
]

MIDDLEWARE = [
    # Before the redirect to https and the check of the host's name: a load balancer asks by http and by number.
    "aspire.views.health_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "aspire.permissions.permission_middleware",
    "pghistory.middleware.HistoryMiddleware",
    "aspire.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "aspire.urls"
WSGI_APPLICATION = "aspire.wsgi.application"
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
                "aspire.permissions.navigation",
                "calls.embargo.notice",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "aspire.templatetags.figures"],
        },
    }
]

if DATABASE_URL:
    DATABASES = {"default": env.dj_db_url("DATABASE_URL", conn_max_age=env.int("CONN_MAX_AGE", 60))}
    is_postgresql = DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"
    refuse("DATABASE_URL", "must name a PostgreSQL server (postgres://…)", when=not is_postgresql)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
else:
    DATABASES = {
        "default": {
            "ENGINE": "aspire.embedded",
            "NAME": "postgres",
            "USER": "postgres",
            "EMBEDDED_DATA_DIRECTORY": VAR_DIR / "postgres",
            "CONN_MAX_AGE": 60,
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FILTERS_EMPTY_CHOICE_LABEL = _("All")
# The rate limits of the sign-in page must hold over all web processes, so their counters live in the database.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "aspire_cache"}}

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
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

AUTHENTICATION_BACKENDS = ["aspire.roles.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "aspire.accounts.AccountAdapter"
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

PGHISTORY_LEVEL = "STATEMENT"
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
PGHISTORY_INSTALL_CONTEXT_FUNC_ON_MIGRATE = True

SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SELF = ["'self'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": SELF,
        "style-src": SELF,
        "img-src": [*SELF, "data:"],
        "font-src": SELF,
        "connect-src": SELF,
        "form-action": SELF,
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "loggers": {
        # Strangers who try host names, and HEAD requests, are nobody's trouble.
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
        "gunicorn.http.wsgi": {"level": "ERROR"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
