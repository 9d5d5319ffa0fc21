"""A process of its own that stops an instance's servers once nobody is left who would: the last user may have been killed."""

import os
import sys
import time
from pathlib import Path

from tamdash.embedded import sharing
from tamdash.embedded.instance import Instance

LOOKS_EVERY = 1.0  # seconds


def keep(instance: Instance) -> None:
    """Ends with the servers, or at once when they have a keeper already."""
    post = sharing.keepers_post(instance)
    if not sharing.take_post(post):
        return
    while True:
        try:
            with instance.lock().waiting():
                if not sharing.in_use(instance):
                    sharing.stop(instance)
                    # Still under the lock: whoever enters next must find the post vacant.
                    post.release()
                    return
        except FileNotFoundError:  # the instance was removed by hand
            sharing.stop(instance)
            return
        time.sleep(LOOKS_EVERY)


if __name__ == "__main__":
    os.chdir("/")
    keep(Instance(Path(sys.argv[1]), sys.argv[2]))
