#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""postgres.py - a PostgreSQL 15 of a test's own, and pgbouncer before it.

    with Cluster() as cluster:
        url = cluster.make("shop")      # two fresh databases, two roles
        cluster.sql("SELECT 1")         # as its superuser
        cluster.stop(); cluster.start()

    postgres.py run PROGRAM ARG...      # {url} in an ARG is the cluster's

The cluster lives in a temporary folder and listens on a Unix socket in it and
on a loopback port.  Whoever is root becomes the user postgres for it, for
PostgreSQL refuses root.  It is ended by its id.  fsync stays on: what is
tested is that commits last.
"""
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import usherlib

BIN = "/usr/lib/postgresql/15/bin"
OWNER = "postgres"      # the superuser's name, inside and outside
START_S = 60
CONF = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '%(folder)s'
port = %(port)d
max_connections = 300
shared_buffers = 128MB
max_wal_size = 2GB
log_min_messages = warning
lc_messages = 'C'
"""
HBA = """
local all all trust
host all all 127.0.0.1/32 trust
"""
BOUNCER = """
[databases]
* = host=%(folder)s port=%(port)d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %(own)d
unix_socket_dir = %(folder)s
auth_type = trust
auth_file = %(folder)s/users
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 12
max_db_connections = 0
server_reset_query =
logfile = %(folder)s/bouncer.log
pidfile = %(folder)s/bouncer.pid
ignore_startup_parameters = extra_float_digits
"""


class Cluster:
    def __init__(self, conf="", start=True):
        self.folder = tempfile.mkdtemp(prefix="usher-pg-")
        self.data = os.path.join(self.folder, "data")
        self.port = usherlib.free_port()
        self.user = []
        if os.geteuid() == 0:
            who = pwd.getpwnam(OWNER)
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            self.user = ["setpriv", "--reuid", OWNER, "--regid",
                         str(who.pw_gid), "--clear-groups"]
        # Servers under test reach the socket as another user.
        os.chmod(self.folder, 0o755)
        self.process, self.bouncer, self.count = None, None, 0
        self.guard = threading.Lock()
        self._run(os.path.join(BIN, "initdb"), "-N", "-U", OWNER, "-A",
                  "trust", "-E", "UTF8", "--locale=C", "-D", self.data)
        self._write("data/postgresql.conf", CONF % vars(self) + conf)
        self._write("data/pg_hba.conf", HBA)
        if start:
            self.start()
            for role in ("usher", "usher_keys"):
                self.sql("CREATE ROLE %s LOGIN" % role)

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def _run(self, *argv):
        done = subprocess.run([*self.user, *argv], capture_output=True,
                              text=True, cwd="/", check=False)
        if done.returncode != 0:
            raise RuntimeError("%s: %s%s" % (
                argv[0], done.stdout, done.stderr))
        return done.stdout

    def _spawn(self, *argv):
        path = os.path.join(self.folder, "log")
        with open(path, "ab") as log:
            return subprocess.Popen(
                [*self.user, *argv], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd="/", start_new_session=True)

    def start(self):
        self.process = self._spawn(os.path.join(BIN, "postgres"),
                                   "-D", self.data)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError("PostgreSQL ended:\n" + self.log_text())
            try:
                self.sql("SELECT 1")
                return
            except RuntimeError:
                time.sleep(0.05)
        raise RuntimeError("PostgreSQL is not ready:\n" + self.log_text())

    def stop(self, sig=signal.SIGINT):
        """SIGINT: ends every session; SIGQUIT: as if the power failed."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sig)
            self.process.wait(START_S)
        self.process = None

    def log_text(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def sql(self, text, database=OWNER, role=OWNER):
        """What it gives, as text: one line a row, columns parted by |."""
        return self._run(
            os.path.join(BIN, "psql"), "-X", "-q", "-A", "-t", "-v",
            "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port),
            "-U", role, "-d", database, "-c", text).strip()

    def dump(self, database):
        """All of it as SQL, in bytes."""
        return self._run(
            os.path.join(BIN, "pg_dump"), "-h", self.folder, "-p",
            str(self.port), "-U", OWNER, database).encode()

    def make(self, name=None):
        """Two fresh databases; the URL of both."""
        with self.guard:
            self.count += 1
            name = name or "usher_%d" % self.count
            for database, role in ((name, "usher"),
                                   (name + "_keys", "usher_keys")):
                self.sql("DROP DATABASE IF EXISTS %s WITH (FORCE)" % database)
                self.sql("CREATE DATABASE %s OWNER %s" % (database, role))
        return self.url(name)

    def url(self, name):
        if self.bouncer is not None:
            return "postgresql://usher@127.0.0.1:%d/%s" % (
                self.bouncer_port, name)
        return "postgresql://usher@/%s?host=%s&port=%d" % (
            name, self.folder, self.port)

    def bounce(self):
        """From now on URLs lead to pgbouncer in transaction mode."""
        self.bouncer_port = usherlib.free_port()
        self._write("users", '"usher" ""\n"usher_keys" ""\n')
        self._write("bouncer.ini", BOUNCER % {
            "folder": self.folder, "port": self.port,
            "own": self.bouncer_port})
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        self.bouncer = self._spawn(
            program, os.path.join(self.folder, "bouncer.ini"))

    def close(self):
        if self.bouncer is not None and self.bouncer.poll() is None:
            self.bouncer.terminate()
            self.bouncer.wait(START_S)
        self.stop()
        if "USHER_KEEP" in os.environ:
            print("# kept " + self.folder, flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()


def main():
    if sys.argv[1:2] != ["run"] or len(sys.argv) < 3:
        print(__doc__)
        return 2
    with Cluster() as cluster:
        url = "postgresql://?host=%s&port=%d" % (cluster.folder, cluster.port)
        return subprocess.run(
            [arg.replace("{url}", url) for arg in sys.argv[2:]],
            env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"},
            check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
