# SPDX-License-Identifier: Apache-2.0
"""cluster.py - three hosts with PostgreSQL, Patroni and etcd, haproxy before.

    with Cluster("etcd") as cluster:        # or "etcd3": the other interface
        cluster.sql("SELECT 1")             # at the primary, by haproxy
        host = cluster.primary()
        host.power_off(); host.start()

Each host is a network namespace on one bridge; whoever asks the databases has
a haproxy of its own in its own namespace: the test outside, each server of
Usher (servers.py).  To be run where network, mounts and processes are the
test's own (tool/cluster-test), so that all of it ends with the test.
"""
import datetime
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BIN = "/usr/lib/postgresql/15/bin"
OWNER = "postgres"
NET = "10.79.0."
HAPROXY = 5000          # the primary's port, on loopback
START_S = 180           # of a whole cluster on a busy machine

# The timeouts bound the write gap: a leader that nobody hears of is replaced
# after ttl, and has stopped by itself after loop_wait + 2 * retry_timeout.
# Those of etcd3 are Patroni's own: with them it was seen to lose commits.
TIMES = {"etcd": {"ttl": 20, "loop": 5, "retry": 5},
         "etcd3": {"ttl": 30, "loop": 10, "retry": 10}}

PATRONI = """
scope: usher
name: %(name)s
restapi:
  listen: %(ip)s:8008
  connect_address: %(ip)s:8008
%(store)s:
  hosts: %(etcds)s
bootstrap:
  dcs:
    ttl: %(ttl)d
    loop_wait: %(loop)d
    retry_timeout: %(retry)d
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql:
      use_pg_rewind: true
      parameters:
        wal_log_hints: "on"
        synchronous_commit: "on"
        max_connections: 200
        shared_buffers: 32MB
        max_wal_size: 1GB
        lc_messages: C
        log_connections: "on"
        log_line_prefix: "%%m [%%p] %%h "
  initdb:
  - encoding: UTF8
  - locale: C
  - data-checksums
postgresql:
  listen: %(ip)s:5432
  connect_address: %(ip)s:5432
  data_dir: %(folder)s/data
  bin_dir: %(bin)s
  pgpass: %(folder)s/pgpass
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  pg_hba:
  - local all all trust
  - host all all %(net)s0/24 trust
  - host replication all %(net)s0/24 trust
  authentication:
    superuser: {username: postgres, password: none}
    replication: {username: replicator, password: none}
    rewind: {username: rewinder, password: none}
  parameters:
    unix_socket_directories: %(folder)s
"""

FRONT = """
global
    maxconn 1000
defaults
    mode tcp
    timeout connect 3s
    timeout check 3s
    timeout client 1h
    timeout server 1h
listen primary
    bind 127.0.0.1:%(port)d
    option httpchk OPTIONS /primary
    http-check expect status 200
    default-server inter 1s fall 3 rise 1 on-marked-down shutdown-sessions
%(servers)s
"""

# Answers what haproxy asks Patroni.
YES = """
import http.server as h
class Yes(h.BaseHTTPRequestHandler):
    def do_OPTIONS(self):
        self.send_response(200)
        self.end_headers()
h.ThreadingHTTPServer(("%(ip)s", 8008), Yes).serve_forever()
"""


def run(*argv, stdin=None):
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True,
                          cwd="/", check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s%s" % (
            " ".join(argv), done.stdout, done.stderr))
    return done.stdout.strip()


class Host:
    """One namespace: etcd, Patroni and the PostgreSQL that Patroni starts."""

    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.name = "n%d" % number
        self.ip = NET + str(10 + number)
        self.folder = os.path.join(cluster.folder, self.name)
        self.etcd = self.patroni = None
        self.since = 0      # when it was harmed, or promoted by hand
        os.mkdir(self.folder, 0o700)
        os.chown(self.folder, cluster.who.pw_uid, cluster.who.pw_gid)
        lay_host(self.name, self.ip)

    def _spawn(self, log, *argv):
        who = self.cluster.who
        path = os.path.join(self.folder, log)
        with open(path, "ab") as file:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.name, "setpriv", "--reuid",
                 str(who.pw_uid), "--regid", str(who.pw_gid),
                 "--clear-groups", *argv],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd="/",
                env={**os.environ, "HOME": self.folder},
                start_new_session=True)

    def start(self):
        """What does not run of it."""
        if self.etcd is None or self.etcd.poll() is not None:
            peers = ",".join("%s=http://%s:2380" % (h.name, h.ip)
                             for h in self.cluster.hosts)
            self.etcd = self._spawn(
                "etcd.log", "etcd", "--name", self.name,
                "--data-dir", os.path.join(self.folder, "etcd"),
                "--listen-peer-urls", "http://%s:2380" % self.ip,
                "--listen-client-urls",
                "http://%s:2379,http://127.0.0.1:2379" % self.ip,
                "--advertise-client-urls", "http://%s:2379" % self.ip,
                "--initial-advertise-peer-urls", "http://%s:2380" % self.ip,
                "--initial-cluster", peers, "--initial-cluster-state", "new",
                "--heartbeat-interval", "300", "--election-timeout", "3000",
                "--enable-v2=true", "--log-level", "warn")
        if self.patroni is None or self.patroni.poll() is not None:
            self.patroni = self._spawn(
                "patroni.log", "patroni", self.write_config())

    def asked(self):
        """Whose etcd Patroni asks: where commits shall be lost, its own only,
        so that nothing tells it of the other leader while it is cut off."""
        return [self] if self.cluster.store == "etcd3" else self.cluster.hosts

    def write_config(self):
        path = os.path.join(self.folder, "patroni.yml")
        with open(path, "w", encoding="ascii") as file:
            file.write(PATRONI % {
                "name": self.name, "ip": self.ip, "net": NET, "bin": BIN,
                "store": self.cluster.store, "folder": self.folder,
                "etcds": ",".join(h.ip + ":2379" for h in self.asked()),
                **TIMES[self.cluster.store]})
        os.chmod(path, 0o644)
        return path

    def pids(self):
        """Of everything that runs in this namespace."""
        return [int(pid) for pid in run(
            "ip", "netns", "pids", self.name).split()]

    def signal(self, sig):
        for pid in self.pids():
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                pass

    def power_off(self):
        """Again and again: a process may just be making another."""
        while self.pids():
            self.signal(signal.SIGKILL)
            for process in (self.etcd, self.patroni):
                if process is not None:
                    process.poll()
            time.sleep(.05)

    def cut(self, *chains):
        """Drops what comes (input) or goes (output) beyond this host."""
        lines = ["table inet cut {"]
        for chain in chains:
            side = "iifname" if chain == "input" else "oifname"
            lines += ["chain %s {" % chain,
                      "type filter hook %s priority 0; policy accept;" % chain,
                      '%s "eth0" drop' % side, "}"]
        run("ip", "netns", "exec", self.name, "nft", "-f", "-",
            stdin="\n".join(lines + ["}", ""]))

    def join(self):
        run("ip", "netns", "exec", self.name, "nft", "delete", "table",
            "inet", "cut")

    def promote(self):
        """By hand, past Patroni, which is killed; haproxy is told by a door
        that says yes to all."""
        self.patroni.kill()
        self.patroni.wait()
        self._spawn("promote.log", os.path.join(BIN, "pg_ctl"), "promote",
                    "-D", os.path.join(self.folder, "data")).wait(START_S)
        # It may have been told to wait for others, who are not there.
        for text in ("ALTER SYSTEM SET synchronous_standby_names = ''",
                     "SELECT pg_reload_conf()"):
            self.cluster.sql(text, host=self.ip, port=5432)
        self.patroni = self._spawn("yes.log", sys.executable, "-c",
                                   YES % {"ip": self.ip})

    def connected(self, ip, database):
        """When somebody of that address was let in, after SINCE."""
        sign = " %s LOG:  connection authorized: user=usher database=%s " % (
            ip, database)
        lines = [line for line in self.log_tail(size=0).splitlines()
                 if sign in line + " "]
        times = [datetime.datetime.strptime(
            " ".join(line.split()[:2]) + " +0000",
            "%Y-%m-%d %H:%M:%S.%f %z").timestamp() for line in lines]
        return sorted(at for at in times if at > self.since)

    def role(self):
        """What Patroni says of itself: its state as a dict, or None."""
        client = http.client.HTTPConnection(self.ip, 8008, timeout=2)
        try:
            client.request("GET", "/patroni")
            return json.loads(client.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            client.close()

    def log_tail(self, name="patroni.log", size=3000):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()[-size:]


class Cluster:
    def __init__(self, store="etcd"):
        self.store = store
        self.who = pwd.getpwnam(OWNER)
        self.folder = tempfile.mkdtemp(prefix="usher-cluster-")
        os.chmod(self.folder, 0o755)
        self.front, self.hosts = None, []
        lay_bridge()
        try:
            for number in (1, 2, 3):
                self.hosts.append(Host(self, number))
            for host in self.hosts:
                host.start()
            self.front = self.haproxy("haproxy")
            self.wait_whole(START_S)
        except BaseException:
            self.close(keep=True)
            raise

    def haproxy(self, name, more="", enter=()):
        """One whose port on loopback is the primary's; MORE is its own."""
        path = os.path.join(self.folder, name + ".cfg")
        servers = "\n".join(
            "    server %s %s:5432 check port 8008" % (h.name, h.ip)
            for h in self.hosts)
        with open(path, "w", encoding="ascii") as file:
            file.write(FRONT % {"port": HAPROXY, "servers": servers} + more)
        with open(os.path.join(self.folder, name + ".log"), "ab") as log:
            return subprocess.Popen(
                [*enter, "haproxy", "-db", "-f", path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def primary(self):
        """The host that says it leads, or None; two would be told as none."""
        leading = []
        for host in self.hosts:
            role = host.role()
            if role and role.get("role") in ("master", "primary") \
                    and role.get("state") == "running":
                leading.append(host)
        return leading[0] if len(leading) == 1 else None

    def standby(self, is_sync):
        """The host that follows in synchrony, or the one that does not."""
        name = self.sql("SELECT application_name FROM pg_stat_replication"
                        " WHERE sync_state %s 'sync'" % (
                            "=" if is_sync else "<>"))
        return [host for host in self.hosts if host.name == name][0]

    def is_whole(self):
        """One leads, one stands by in synchrony, the third follows."""
        if self.primary() is None:
            return False
        try:
            found = self.sql(
                "SELECT count(*) FILTER (WHERE state = 'streaming'), count(*) "
                "FILTER (WHERE sync_state = 'sync') FROM pg_stat_replication")
        except RuntimeError:
            return False
        return found == "2|1"

    def wait_whole(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.is_whole():
                return
            time.sleep(.5)
        raise RuntimeError("the cluster is not whole after %d s\n%s" % (
            seconds, "\n".join("--- %s: %s\n%s" % (
                h.name, h.role(), h.log_tail()) for h in self.hosts)))

    def sql(self, text, database=OWNER, host="127.0.0.1", port=HAPROXY):
        return run(os.path.join(BIN, "psql"), "-X", "-q", "-A", "-t", "-v",
                   "ON_ERROR_STOP=1", "-c", text,
                   "host=%s port=%d user=%s dbname=%s "
                   "connect_timeout=5" % (host, port, OWNER, database))

    def make(self, name):
        """Two databases with their roles; the URL of both."""
        for database, role in ((name, "usher"), (name + "_keys",
                                                 "usher_keys")):
            self.sql("CREATE ROLE %s LOGIN" % role)
            self.sql("CREATE DATABASE %s OWNER %s" % (database, role))
        return "postgresql://usher@127.0.0.1:%d/%s" % (HAPROXY, name)

    def close(self, keep=False):
        if self.front is not None:
            self.front.kill()
            self.front.wait()
        for host in self.hosts:
            host.power_off()
            clear_host(host.name)
        run("ip", "link", "delete", "br0")
        if keep or "USHER_KEEP" in os.environ:
            print("# kept " + self.folder, flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(keep=kind is not None)


def lay_host(name, ip):
    """A namespace with a wire to the bridge."""
    run("ip", "netns", "add", name)
    run("ip", "link", "add", "to-" + name, "type", "veth", "peer", "name",
        "eth0", "netns", name)
    run("ip", "link", "set", "to-" + name, "master", "br0", "up")
    for argv in (("addr", "add", ip + "/24", "dev", "eth0"),
                 ("link", "set", "eth0", "up"), ("link", "set", "lo", "up")):
        run("ip", "-n", name, *argv)


def clear_host(name):
    # The kernel takes a namespace's links away some time later.
    run("ip", "link", "delete", "to-" + name)
    run("ip", "netns", "delete", name)


def lay_bridge():
    for argv in (("link", "set", "lo", "up"),
                 ("link", "add", "br0", "type", "bridge"),
                 ("addr", "add", NET + "1/24", "dev", "br0"),
                 ("link", "set", "br0", "up")):
        run("ip", *argv)


def make_private():
    """Refuses to work where others live; /run becomes the test's own."""
    names = [name for _at, name in socket.if_nameindex()]
    if os.getppid() != 1 or [n for n in names if n not in (
            "lo", "sit0", "tunl0", "ip6tnl0", "gre0", "gretap0", "erspan0",
            "ip_vti0", "ip6_vti0", "ip6gre0")]:
        raise SystemExit("cluster: not alone here (%s); start it by "
                         "tool/cluster-test" % " ".join(names))
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
