"""What a load balancer asks: is this process alive, and may it be sent people."""

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers. Redis may be away: work is then done later, and nothing is lost."""
    parts = {"database": database_answers(), "redis": redis_answers()}
    return JsonResponse(parts, status=200 if parts["database"] else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def redis_answers() -> bool:
    try:
        cache.get("readyz")
    except RedisError:
        return False
    return True
