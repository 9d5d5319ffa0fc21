"""The Celery application. Rows in PostgreSQL are the queue; a Redis message only says that there is work."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tamdash.settings")

app = Celery("tamdash")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
