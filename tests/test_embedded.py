"""The embedded servers: shared by any number of processes, and mixed up with nobody else's."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from tamdash.embedded import CannotStart, Instance, remove, sharing
from tamdash.embedded.instance import CLONE, ROOTS_DATA
from tamdash.embedded.locks import Lock
from tamdash.embedded.postgres import Postgres
from tamdash.embedded.valkey import Valkey
from tests.embedded_clones import (
    USER,
    User,
    alive,
    assert_answers,
    clone,
    eventually,
    instance,
    made,
    one_clone,
    postmasters,
    server_pids,
    used,
    valkeys,
    value_of,
)

__all__ = ["clone", "instance", "made", "one_clone", "used"]  # fixtures


def test_the_first_user_starts_both_and_the_last_one_stops_both(instance: Instance) -> None:
    first, second = User(instance).inside(), User(instance).inside()
    assert_answers(instance)
    assert len(postmasters(instance)) == 1
    started = server_pids(instance)
    first.leave()
    assert_answers(instance)
    second.leave()
    assert server_pids(instance) == []
    assert not any(alive(pid) for pid in started)
    assert not instance.sockets.exists()
    assert eventually(lambda: Lock(sharing.keepers_post(instance).path).acquire_at_once())  # the keeper has gone too


def test_the_database_sorts_text_by_code_point_and_answers_no_network(instance: Instance) -> None:
    user = User(instance).inside()
    assert value_of(instance, "SELECT datlocale FROM pg_database WHERE datname = 'tamdash'") == "C.UTF-8"
    assert value_of(instance, "SHOW server_encoding") == "UTF8"
    assert value_of(instance, "SHOW listen_addresses") == ""
    ports = [psutil.Process(pid).net_connections(kind="inet") for pid in server_pids(instance)]
    assert not any(ports)
    assert instance.sockets.stat().st_mode & 0o777 == 0o700
    user.leave()


def test_four_starts_at_once_give_one_server(instance: Instance) -> None:
    users = [User(instance) for _ in range(4)]
    for user in users:
        user.inside()
    assert len(postmasters(instance)) == 1
    assert len(valkeys(instance)) == 1
    for user in users:
        user.leave()
    assert server_pids(instance) == []


def test_data_is_kept_between_users(used: Instance) -> None:
    user = User(used).inside()
    with psycopg.connect(Postgres(used).url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    user.leave()
    user = User(used).inside()
    assert value_of(used, "SELECT answer FROM kept") == 42
    user.leave()


@pytest.mark.parametrize("name", ["with a space/" + "long" * 50, "dollar $HOME `id` 'quoted'"])
def test_the_clones_path_may_hold_anything(clone: Callable[[str], Instance], name: str) -> None:
    instance = clone(name)
    user = User(instance).inside()
    assert_answers(instance)
    assert len(os.fsencode(Valkey(instance).url.removeprefix("unix://"))) < 104
    user.leave()


def test_two_clones_share_nothing(clone: Callable[[str], Instance]) -> None:
    here, there = clone("here"), clone("there")
    users = [User(here).inside(), User(there).inside()]
    assert {here.sockets, here.home}.isdisjoint({there.sockets, there.home})
    assert postmasters(here) != postmasters(there)
    with psycopg.connect(Postgres(here).url) as connection:
        connection.execute("CREATE TABLE mine ()")
    assert value_of(there, "SELECT to_regclass('mine')") is None
    for user in users:
        user.leave()


def test_a_copied_clone_gets_an_id_of_its_own_and_a_moved_one_keeps_its_own(clone: Callable[[str], Instance], tmp_path: Path) -> None:
    original = clone("original")
    first_id = original.clone_id
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    assert clone("copy").clone_id != first_id
    (tmp_path / "original").rename(tmp_path / "moved")
    assert clone("moved").clone_id == first_id
    assert clone("original").clone_id not in (first_id, clone("copy").clone_id)  # made again at the same path


def test_a_secret_key_is_made_once_for_its_owner_alone(instance: Instance) -> None:
    assert len(instance.secret_key()) > 50
    assert Instance(instance.root, instance.name).secret_key() == instance.secret_key()
    assert Instance(instance.root, "other").secret_key() != instance.secret_key()
    assert (instance.home / "secret_key").stat().st_mode & 0o777 == 0o600


def test_data_in_use_is_not_removed(instance: Instance) -> None:
    user = User(instance).inside()
    with pytest.raises(CannotStart, match="in use"):
        remove(instance)
    user.leave()
    remove(instance)
    assert not Postgres(instance).data.exists()
    User(instance).inside().leave()


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_nothing_starts_when_both_servers_are_named(where: str, tmp_path: Path) -> None:
    named = {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x"}
    environment = {name: value for name, value in os.environ.items() if name not in named}
    if where == ".env":
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in named.items()))
    else:
        environment |= named
    command = [sys.executable, "-c", USER, str(tmp_path), "test"]
    subprocess.run(command, cwd=CLONE, env=environment, input="", text=True, check=True, capture_output=True)
    assert not (tmp_path / ".tamdash").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_runs_the_servers_as_nobody_outside_the_clone(used: Instance) -> None:
    user = User(used).inside()
    nobody = pwd.getpwnam("nobody").pw_uid
    assert {psutil.Process(pid).uids().effective for pid in server_pids(used)} == {nobody}
    assert Postgres(used).data.is_relative_to(ROOTS_DATA)
    programs = {Path(psutil.Process(pid).exe()) for pid in server_pids(used)}
    assert all(program.is_relative_to(used.clone_data) for program in programs)
    user.leave()
