"""The embedded servers after a death: of a server, of a user, of the machine's memory of who was who."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from tamdash.embedded import CannotStart, Instance, sharing
from tamdash.embedded.postgres import Postgres
from tamdash.embedded.valkey import Valkey
from tests.embedded_clones import User, assert_answers, eventually, instance, one_clone, postmasters, server_pids, valkeys

__all__ = ["instance", "one_clone"]  # fixtures


def test_killed_servers_are_repaired_for_the_next_user(instance: Instance) -> None:
    first = User(instance).inside()
    for pid in [*postmasters(instance), *valkeys(instance)]:
        os.kill(pid, signal.SIGKILL)
    second = User(instance).inside()
    assert_answers(instance)
    assert len(postmasters(instance)) == 1
    first.leave()
    second.leave()


def test_a_pid_file_that_names_somebody_elses_process_neither_hinders_a_start_nor_harms_that_process(instance: Instance) -> None:
    User(instance).inside().leave()
    with subprocess.Popen(["sleep", "60"], user=instance.uid if os.geteuid() == 0 else None) as bystander:
        record = Postgres(instance).data / "postmaster.pid"
        record.write_text(f"{bystander.pid}\n{record.parent}\n{int(time.time())}\n5432\n{instance.sockets}\n\n  5432 1\nready\n")
        instance.socket_folder().joinpath(".s.PGSQL.5432.lock").write_text(record.read_text())
        instance.sockets.joinpath(".s.PGSQL.5432").touch()
        instance.sockets.joinpath("valkey.sock").touch()
        user = User(instance).inside()
        assert_answers(instance)
        user.leave()
        assert bystander.poll() is None
        bystander.kill()


def test_the_servers_stop_when_their_only_user_was_killed(instance: Instance) -> None:
    User(instance).inside().killed()
    assert eventually(lambda: server_pids(instance) == [])


def test_the_servers_outlive_one_of_two_users_that_was_killed(instance: Instance) -> None:
    first, second = User(instance).inside(), User(instance).inside()
    first.killed()
    assert not eventually(lambda: server_pids(instance) == [], seconds=2.5)  # the keeper has looked twice
    second.leave()
    assert server_pids(instance) == []


def test_removing_a_running_instance_by_hand_leaves_no_server(instance: Instance) -> None:
    User(instance).inside()
    shutil.rmtree(instance.home, ignore_errors=True)  # a server or the keeper may be quicker with some file
    assert eventually(lambda: server_pids(instance) == [])


def test_a_forked_child_neither_keeps_the_servers_nor_stops_them(instance: Instance) -> None:
    mine = sharing.enter(instance, [Postgres(instance), Valkey(instance)])
    child = os.fork()
    if not child:
        sharing.leave(instance, mine)
        time.sleep(60)
        os._exit(0)
    time.sleep(0.5)
    assert_answers(instance)
    sharing.leave(instance, mine)
    assert server_pids(instance) == []
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_server_that_cannot_start_says_why(instance: Instance) -> None:
    User(instance).inside().leave()
    (Postgres(instance).data / "postgresql.conf").write_text("shared_bufers = 1\n")
    user = User(instance)
    errors = user.process.communicate(timeout=60)[1]
    assert user.process.returncode == 1
    assert "PostgreSQL did not start" in errors
    assert "shared_bufers" in errors
    assert "Traceback" not in errors


def test_a_foreign_folder_in_the_sockets_place_is_refused(instance: Instance) -> None:
    instance.sockets.mkdir(mode=0o755)
    with pytest.raises(CannotStart, match="not a private folder"):
        instance.socket_folder()
