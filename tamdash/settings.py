"""All configuration. The environment is read here, and in `embedded.instance` for what starts before Django; `.env.example` lists it."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tamdash import embedded
from tamdash.mail_url import mail
from tamdash.schedule import SCHEDULE

# Lets `ModelForm[Stakeholder]` and the like stand in code that runs, not only in code that is checked.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


class Environment(BaseSettings):
    """What the operator may set. Outside demo mode a secret key and the host names are required."""

    model_config = SettingsConfigDict(env_file=BASE_DIR / ".env", extra="ignore")

    demo: bool = Field(default=False, alias="TAMDASH_DEMO")
    debug: bool = Field(default=False, alias="TAMDASH_DEBUG")
    secret_key: str = Field(default="", alias="TAMDASH_SECRET_KEY")
    allowed_hosts: str = Field(default="", alias="TAMDASH_ALLOWED_HOSTS")
    https: bool = Field(default=True, alias="TAMDASH_HTTPS")
    database_url: str = Field(default="", alias="DATABASE_URL")
    database_pool_size: int = Field(default=8, ge=1, alias="TAMDASH_DATABASE_POOL_SIZE")
    redis_url: str = Field(default="", alias="REDIS_URL")
    openai_base_url: str = Field(default="", alias="OPENAI_BASE_URL")
    openai_api_key: str = Field(default="", alias="OPENAI_API_KEY")
    llm_model: str = Field(default="gpt-5-mini", alias="TAMDASH_LLM_MODEL")
    llm_timeout_seconds: float = Field(default=60, gt=0, alias="TAMDASH_LLM_TIMEOUT_SECONDS")
    llm_context_tokens: int = Field(default=32_000, ge=1_000, alias="TAMDASH_LLM_CONTEXT_TOKENS")
    llm_price_input: float = Field(default=0, ge=0, alias="TAMDASH_LLM_PRICE_INPUT")
    llm_price_output: float = Field(default=0, ge=0, alias="TAMDASH_LLM_PRICE_OUTPUT")
    google_client_id: str = Field(default="", alias="TAMDASH_GOOGLE_CLIENT_ID")
    google_client_secret: str = Field(default="", alias="TAMDASH_GOOGLE_CLIENT_SECRET")
    port: str = Field(default="8000", alias="PORT")
    public_url: str = Field(default="", alias="TAMDASH_PUBLIC_URL")
    email_url: str = Field(default="", alias="TAMDASH_EMAIL_URL")
    email_from: str = Field(default="tamdash@localhost", alias="TAMDASH_EMAIL_FROM")
    notion_url: str = Field(default="https://api.notion.com", alias="TAMDASH_NOTION_URL")
    private_urls: bool = Field(default=False, alias="TAMDASH_ALLOW_PRIVATE_URLS")
    api_calls_per_minute: int = Field(default=600, ge=1, alias="TAMDASH_API_CALLS_PER_MINUTE")
    log_level: str = Field(default="INFO", alias="TAMDASH_LOG_LEVEL")


env = Environment()

# The embedded servers mean one machine and one developer: there the defaults may be easy. With a server of
# one's own they must be chosen.
EMBEDDED = not env.database_url
DEMO = env.demo
DEBUG = env.debug

if not (env.secret_key or DEMO or EMBEDDED):
    raise ImproperlyConfigured("Set TAMDASH_SECRET_KEY to a long random string, for example from `openssl rand -base64 48`.")
if len(env.secret_key) < 32 and not (DEMO or EMBEDDED):
    raise ImproperlyConfigured(
        "TAMDASH_SECRET_KEY is shorter than 32 characters. Make a longer one, for example with `openssl rand -base64 48`."
    )
if not (env.allowed_hosts or DEMO or EMBEDDED):
    raise ImproperlyConfigured("Set TAMDASH_ALLOWED_HOSTS to the host names people use, separated by commas.")

SECRET_KEY = env.secret_key or embedded.secret_key()
ALLOWED_HOSTS = [host.strip() for host in env.allowed_hosts.split(",") if host.strip()] or ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "accounts",
    "communications",
    "tamdash.apps.AdminConfig",  # our own admin site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_prose_editor",
    "js_asset",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tamdash.middleware.SignalsFirst",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tamdash.middleware.QuickGZip",
    "tamdash.middleware.NoNulInAddress",
    "tamdash.middleware.CallsFirst",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tamdash.middleware.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tamdash.middleware.HtmxReplies",
    "tamdash.middleware.KeptByNobody",
    "tamdash.middleware.TenantTimeZone",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "tamdash.urls"
WSGI_APPLICATION = "tamdash.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials", "tamdash.templatetags.tamdash"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tamdash.context.navigation",
            ],
        },
    }
]


def database(url: str) -> dict[str, Any]:
    """Django's database settings from a libpq URL; a unix socket is `postgresql:///name?host=/directory`."""
    parts = conninfo_to_dict(url)
    known = {name: str(parts.pop(name, "")) for name in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": known["dbname"] or "tamdash",
        "USER": known["user"],
        "PASSWORD": known["password"],
        "HOST": known["host"],
        "PORT": known["port"],
        # The pool hands out living connections only with the health checks on, and keeps them itself.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**parts, "pool": {"min_size": 1, "max_size": env.database_pool_size, "timeout": 10}},
    }


def redis(url: str, number: int) -> dict[str, str]:
    """The same Redis database as a cache URL and as a broker URL, which spell a unix socket differently."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return {"cache": f"unix://{parts.path}?db={number}", "broker": f"redis+socket://{parts.path}?virtual_host={number}"}
    if parts.path.strip("/") or parse_qs(parts.query).get("db"):
        raise ImproperlyConfigured("REDIS_URL names a server, not a database: leave out the number, tamdash uses 0 and 1.")
    return {name: f"{url.rstrip('/')}/{number}" for name in ("cache", "broker")}


DATABASES = {"default": database(env.database_url or embedded.database_url())}
REDIS_URL = env.redis_url or embedded.redis_url()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis(REDIS_URL, 0)["cache"],
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = redis(REDIS_URL, 1)["broker"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that is away is given up at once: the row waits in the database, and a sweep finds it.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = SCHEDULE

# Alerts to people of the tenants, never to a customer. In the demo they can be read as files.
EMAIL_URL = env.email_url or (f"file://{embedded.default().home / 'mail'}" if DEMO and EMBEDDED else "")
EMAIL_IS_SET_UP = bool(EMAIL_URL)
EMAIL_FILE_PATH = ""
if EMAIL_IS_SET_UP:
    globals().update(mail(EMAIL_URL))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.email_from
# Where people reach tamdash, for the links in what goes out.
PUBLIC_URL = (env.public_url or (f"https://{ALLOWED_HOSTS[0]}" if not EMBEDDED else f"http://127.0.0.1:{env.port}")).rstrip("/")
NOTION_URL = env.notion_url.rstrip("/")
ALLOW_PRIVATE_URLS = env.private_urls
API_CALLS_PER_MINUTE = env.api_calls_per_minute  # of one token

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "tamdash.sign_in.Passwords"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "portfolio"
LOGOUT_REDIRECT_URL = "sign-in"
AXES_FAILURE_LIMIT = 10
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "tamdash.sign_in.locked_name"
AXES_CLIENT_IP_CALLABLE = "tamdash.sign_in.client_address"
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "tamdash.formats"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "woff2", "png"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_HTTPS = env.https and not (DEMO or EMBEDDED)
SECURE_SSL_REDIRECT = SECURE_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HTTPS
SECURE_HSTS_PRELOAD = SECURE_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_HTTPS else None
# Read from Redis where it is there, from PostgreSQL where not.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_SECURE = SECURE_HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SECURE = SECURE_HTTPS
CSRF_FAILURE_VIEW = "tamdash.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"

OPENAI_BASE_URL = env.openai_base_url
OPENAI_API_KEY = env.openai_api_key
LLM_MODEL = env.llm_model
LLM_TIMEOUT_SECONDS = env.llm_timeout_seconds
LLM_CONTEXT_TOKENS = env.llm_context_tokens
# Of a million tokens, in whatever currency; 0 where the model costs nothing.
LLM_PRICE_INPUT = env.llm_price_input
LLM_PRICE_OUTPUT = env.llm_price_output

GOOGLE_CLIENT_ID = env.google_client_id
GOOGLE_CLIENT_SECRET = env.google_client_secret
GMAIL_URL = "https://gmail.googleapis.com"
GOOGLE_CONSENT_URL = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 an address, no token

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"signals": {"()": "tamdash.masking.Signals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}, "nowhere": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["console"], "level": env.log_level},
    # The HTTP clients' own lines name an address in full, with what secrets stand in it.
    "loggers": {name: {"level": "WARNING"} for name in ("atlassian", "axes", "httpx", "httpx2", "httpcore", "openai", "urllib3")}
    # So do apprise's. The chat channel listens to them, as they alone tell what went wrong.
    | {"apprise": {"handlers": ["nowhere"], "level": "DEBUG", "propagate": False}}
    # And Django's of an address that is almost a webhook's or a ping's.
    | {"django.request": {"filters": ["signals"]}},
}
