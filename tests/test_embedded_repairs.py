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
from tests.embedded_clones import User, assert_answers, eventually, instance, made, one_clone, postmasters, server_pids, used, valkeys

__all__ = ["instance", "made", "one_clone", "used"]  # fixtures


def test_killed_servers_are_repaired_for_the_next_user(used: Instance) -> None:
    first = User(used).inside()
    for pid in [*postmasters(used), *valkeys(used)]:
        os.kill(pid, signal.SIGKILL)
    second = User(used).inside()
    assert_answers(used)
    assert len(postmasters(used)) == 1
    first.leave()
    second.leave()


def test_a_pid_file_that_names_somebody_elses_process_neither_hinders_a_start_nor_harms_that_process(used: Instance) -> None:
    User(used).inside().leave()
    with subprocess.Popen(["sleep", "60"], user=used.uid if os.geteuid() == 0 else None) as bystander:
        record = Postgres(used).data / "postmaster.pid"
        record.write_text(f"{bystander.pid}\n{record.parent}\n{int(time.time())}\n5432\n{used.sockets}\n\n  5432 1\nready\n")
        used.socket_folder().joinpath(".s.PGSQL.5432.lock").write_text(record.read_text())
        used.sockets.joinpath(".s.PGSQL.5432").touch()
        used.sockets.joinpath("valkey.sock").touch()
        user = User(used).inside()
        assert_answers(used)
        user.leave()
        assert bystander.poll() is None
        bystander.kill()


def test_the_servers_stop_when_their_only_user_was_killed(used: Instance) -> None:
    User(used).inside().killed()
    assert eventually(lambda: server_pids(used) == [])


def test_the_servers_outlive_one_of_two_users_that_was_killed(used: Instance) -> None:
    first, second = User(used).inside(), User(used).inside()
    first.killed()
    assert not eventually(lambda: server_pids(used) == [], seconds=2.5)  # the keeper has looked twice
    second.leave()
    assert server_pids(used) == []


def test_removing_a_running_instance_by_hand_leaves_no_server(used: Instance) -> None:
    User(used).inside()
    shutil.rmtree(used.home, ignore_errors=True)  # a server or the keeper may be quicker with some file
    assert eventually(lambda: server_pids(used) == [])


def test_a_forked_child_neither_keeps_the_servers_nor_stops_them(used: Instance) -> None:
    mine = sharing.enter(used, [Postgres(used), Valkey(used)])
    child = os.fork()
    if not child:
        sharing.leave(used, mine)
        time.sleep(60)
        os._exit(0)
    time.sleep(0.5)
    assert_answers(used)
    sharing.leave(used, mine)
    assert server_pids(used) == []
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
