# SPDX-License-Identifier: Apache-2.0
"""servers.py - servers of Usher before a cluster, each on a host of its own.

Each has a namespace on the cluster's bridge with a haproxy in it: that is its
way to the primary, and, as Usher itself serves on loopback only, the door by
which clients come to it.  Its vault is laid from the first one's archive.
"""
import os
import shutil
import tempfile

import cluster as clusters
from usherlib import Server

PASSPHRASE = "correct horse battery staple"
DOOR = """
listen door
    bind %(ip)s:%(port)d
    server usher 127.0.0.1:%(port)d
"""


class Node(Server):
    """One of several, on the host u1, u2, ..."""

    def __init__(self, cluster, number, url, archive):
        super().__init__(start=False, env={"USHER_STORE": url})
        self.cluster, self.number = cluster, number
        self.name = "u%d" % number
        self.front = None
        self.ip = clusters.NET + str(20 + number)
        clusters.lay_host(self.name, self.ip)
        port = self.address[1]
        self.address = self.ip, port
        self.program = self.enter()
        try:
            self.front = cluster.haproxy(
                self.name, DOOR % {"ip": self.ip, "port": port},
                ("ip", "netns", "exec", self.name))
            if number > 1:
                self.usher("key", "recover", "--archive", archive,
                           "--passphrase-file", archive + ".pass", check=0)
            self.start()
            if number == 1:
                self.usher("key", "export", "--out", archive,
                           "--passphrase-file", archive + ".pass", check=0)
        except BaseException:
            self.close(keep=True)
            raise

    def enter(self):
        """The program, run in this host's namespace."""
        path = os.path.join(self.folder, "usher")
        with open(path, "w", encoding="ascii") as file:
            file.write('#!/bin/sh\nexec ip netns exec %s "%s" "$@"\n' % (
                self.name, self.program))
        os.chmod(path, 0o755)
        return path

    def close(self, keep=False):
        super().close(keep)
        if self.front is not None:
            self.front.kill()
            self.front.wait()
        clusters.clear_host(self.name)


def make(cluster, url, count):
    """COUNT servers that share their keys."""
    folder = tempfile.mkdtemp(prefix="usher-keys-")
    archive, made = os.path.join(folder, "keys"), []
    with open(os.open(archive + ".pass", os.O_WRONLY | os.O_CREAT, 0o600),
              "w", encoding="ascii") as file:
        file.write(PASSPHRASE + "\n")
    try:
        for number in range(1, count + 1):
            made.append(Node(cluster, number, url, archive))
    except BaseException:
        for node in made:
            node.close(keep=True)
        raise
    finally:
        shutil.rmtree(folder)
    return made
