# SPDX-License-Identifier: Apache-2.0
"""usherlib.py - what a driver needs: a real server, clients of it, and TAP.

    from usherlib import Server, Tap

    tap = Tap()
    with Server() as server:                # started in a folder of its own
        acme = server.tenant("acme")        # made, with a token of all rights
        api = acme.client()                 # one kept-alive connection
        made = api.post("/api/v1/persons", {"userName": "ana"})
        tap.ok(made.status == 201, "a person is made", made)
        server.kill("front")                # front, vault or parent
        server.wait_ready()                 # the parent starts the pair again
    sys.exit(tap.done())

USHER_BUILD names the build to test (default: build beside the tests).  The
folder of a Server is deleted when its `with` ends, unless something raised or
USHER_KEEP is set; then its name is printed.  Everything is killed by its id.
"""
import atexit
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)
BUILD = os.environ.get("USHER_BUILD", os.path.join(ROOT, "build"))
PROGRAM = os.path.join("src", "usher", "usher")
TIER = os.environ.get("USHER_TIER", "normal")

READY_S = 30    # a sanitized server on a busy machine
STOP_S = 30
REPLY_S = 120   # for one reply


# --- TAP ---------------------------------------------------------------------

class Tap:
    """Prints one line a test and the plan at the end."""

    def __init__(self):
        self.count = self.failed = 0

    def ok(self, passed, name, why=""):
        """One test; WHY (anything printable) is shown if it failed."""
        self.count += 1
        self.failed += not passed
        print("%sok %d - %s" % ("" if passed else "not ", self.count, name))
        if not passed:
            for line in str(why).splitlines():
                print("# " + line)
        sys.stdout.flush()
        return bool(passed)

    def equal(self, found, wanted, name):
        return self.ok(found == wanted, name,
                       "found  %r\nwanted %r" % (found, wanted))

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, why), flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print("# " + line, flush=True)

    def done(self):
        """The plan; what sys.exit() wants."""
        print("1..%d" % self.count, flush=True)
        return 1 if self.failed or not self.count else 0


# --- clients -----------------------------------------------------------------

class Reply:
    """status, headers (names in lower case), body (bytes), json (or None)."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def code(self):
        """The error code of a problem body, or None."""
        found = self.json
        return found.get("code") if isinstance(found, dict) else None

    @property
    def etag(self):
        return self.headers.get("etag")

    def __str__(self):
        text = self.body[:2000].decode(errors="replace")
        return "%d %s" % (self.status, text)


class _LocalConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """One kept-alive connection; not for two threads at once.

    ADDRESS is (host, port), or the path of a Unix socket.  Raises OSError or
    http.client.HTTPException when the server is gone in the middle: then the
    outcome is unknown.  The next call connects anew.

    WATCH, if somebody set it, is told (client, method, path, body, headers,
    reply) of every answer.
    """

    watch = None

    def __init__(self, address, token=None, timeout=REPLY_S):
        self.address, self.token, self.timeout = address, token, timeout
        self.connection = None

    def request(self, method, path, body=None, headers=None):
        """BODY: None, bytes, str, an iterable of bytes (sent chunked), or
        anything else, which is sent as JSON."""
        head = {"Authorization": "Bearer " + self.token} if self.token else {}
        if isinstance(body, (dict, list, int, bool)):
            body = json.dumps(body)
            head["Content-Type"] = "application/json"
        if isinstance(body, str):
            body = body.encode()
        for name, value in (headers or {}).items():
            head = {k: v for k, v in head.items()
                    if k.lower() != name.lower()}
            head[name] = value
        if self.connection is None:
            self.connection = self._connect()
        try:
            self.connection.request(method, path, body, head)
            reply = self.connection.getresponse()
            read = Reply(reply.status,
                         {k.lower(): v for k, v in reply.getheaders()},
                         reply.read())
        except BaseException:
            self.close()
            raise
        if reply.will_close:
            self.close()
        if Client.watch is not None:
            Client.watch(self, method, path, body, head, read)
        return read

    def _connect(self):
        if isinstance(self.address, str):
            return _LocalConnection(self.address, self.timeout)
        return http.client.HTTPConnection(*self.address, timeout=self.timeout)

    def get(self, path, **headers):
        return self.request("GET", path, None, _headers(headers))

    def post(self, path, body=None, **headers):
        """Keyword arguments are headers: idempotency_key="k"."""
        return self.request("POST", path, body, _headers(headers))

    def put(self, path, body, **headers):
        return self.request("PUT", path, body, _headers(headers))

    def patch(self, path, body, **headers):
        return self.request("PATCH", path, body, _headers(headers))

    def delete(self, path, **headers):
        return self.request("DELETE", path, None, _headers(headers))

    def pages(self, path, limit=500):
        """Every item of a list, page after page."""
        cursor = ""
        while True:
            mark = "&" if "?" in path else "?"
            reply = self.get("%s%slimit=%d%s" % (
                path, mark, limit, cursor and "&cursor=" + cursor))
            if reply.status != 200:
                raise RuntimeError("GET %s: %s" % (path, reply))
            yield from reply.json["items"]
            cursor = reply.json["next"]
            if cursor is None:
                return

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _headers(named):
    return {k.replace("_", "-"): v for k, v in named.items()}


class Raw:
    """A connection that says exactly what it is told to; for pipelining.

    raw = Raw(server.address); raw.send(b"GET / HTTP/1.1...") ; raw.reply()
    """

    def __init__(self, address, timeout=REPLY_S):
        local = isinstance(address, str)
        self.sock = socket.socket(
            socket.AF_UNIX if local else socket.AF_INET, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        self.sock.connect(address)
        if not local:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data)

    def send_request(self, method, path, body=None, token=None, headers=None):
        """A whole request with a JSON body; does not wait for the reply."""
        data = b"" if body is None else json.dumps(body).encode()
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost"]
        if token:
            lines.append("Authorization: Bearer " + token)
        if body is not None:
            lines += ["Content-Type: application/json",
                      "Content-Length: %d" % len(data)]
        lines += ["%s: %s" % pair for pair in (headers or {}).items()]
        self.send("\r\n".join(lines + ["", ""]).encode() + data)

    def reply(self):
        """The next whole reply; None if the server closed instead."""
        line = self.file.readline()
        if not line:
            return None
        status = int(line.split()[1])
        headers = {}
        while True:
            line = self.file.readline().rstrip(b"\r\n").decode("latin-1")
            if not line:
                break
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        body = self.file.read(length)
        if len(body) != length:
            raise ConnectionError("the reply was cut short")
        return Reply(status, headers, body)

    def close(self):
        self.file.close()
        self.sock.close()


# --- the server --------------------------------------------------------------

class Tenant:
    """A tenant and its first token, which has every right."""

    def __init__(self, server, name, number, token):
        self.server, self.name, self.number = server, name, number
        self.token = token
        self.token_file = os.path.join(server.folder, name + ".token")
        with open(os.open(self.token_file, os.O_WRONLY | os.O_CREAT, 0o600),
                  "w", encoding="ascii") as file:
            file.write(token + "\n")

    def client(self, token=None):
        return Client(self.server.address, token or self.token)

    def usher(self, *argv, **kept):
        """Runs a command of the CLI as this tenant; see Server.usher()."""
        return self.server.usher("--token-file", self.token_file, *argv, **kept)

    def apply(self, catalogue):
        """Puts a catalogue (YAML text) in force."""
        reply = self.client().request("PUT", "/api/v1/catalogue", catalogue)
        if reply.status != 200:
            raise RuntimeError("catalogue: %s" % reply)
        return reply.json


class Server:
    """usher serve in a folder of its own on a free port.

    folder/data is the data directory, folder/log what the server says.  ENV
    adds variables (USHER_FAULT), ARGS arguments of `usher serve`; BUILD is
    another build than USHER_BUILD's.  A crashed pair is started again as
    often as a test likes to kill it, unless ARGS say otherwise.
    """

    def __init__(self, folder=None, env=None, args=(), start=True,
                 build=BUILD):
        self.program = os.path.join(build, PROGRAM)
        self.is_ours = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="usher-test-")
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "log")
        self.env = {**store_of(self.folder), **(env or {})}
        self.args = list(args)
        if not any(arg.startswith("--restarts") for arg in self.args):
            self.args.append("--restarts=1000")
        self.address = ("127.0.0.1", free_port())
        self.listen = "%s:%d" % self.address    # differs behind a door
        self.socket = os.path.join(self.data, "operator.sock")
        # Beside the data folder, for that is made by the server.
        self.management = os.path.join(self.folder, "management.sock")
        self.process = None
        if start:
            self.start()

    @property
    def url(self):
        return "http://" + self.listen

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--data", self.data,
                 "--listen", self.listen,
                 "--management", self.management, *self.args],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.env}, start_new_session=True)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=READY_S):
        """Until it answers; the seconds that took."""
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended with %d:\n%s" % (
                    self.process.returncode, self.log_text()[-4000:]))
            try:
                client = Client(self.address, timeout=1)
                ready = client.get("/readyz").status == 200
                client.close()
                if ready:
                    return time.monotonic() - begin
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.01)
        raise RuntimeError("the server is not ready after %d s:\n%s" % (
            seconds, self.log_text()[-4000:]))

    def pids(self):
        """{"parent": id, "front": id, "vault": id} of those that run."""
        found = {}
        if self.process is None or self.process.poll() is not None:
            return found
        parent = found["parent"] = self.process.pid
        try:
            with open("/proc/%d/task/%d/children" % (parent, parent)) as file:
                children = [int(pid) for pid in file.read().split()]
        except OSError:
            return found
        for pid in children:
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if os.path.basename(words[0]) == b"usher-vault":
                found["vault"] = pid
            elif words[1:2] == [b"front"]:
                found["front"] = pid
        return found

    def kill(self, which="parent", sig=signal.SIGKILL):
        """Kills parent, front or vault; the id it had, None if it was gone."""
        pid = self.pids().get(which)
        if pid is not None:
            os.kill(pid, sig)
        if which == "parent" and sig == signal.SIGKILL:
            self.process.wait(STOP_S)
        return pid

    def stop(self):
        """Ends it in order; its exit status, negative if a signal ended it."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                for pid in self.pids().values():
                    os.kill(pid, signal.SIGKILL)
                self.process.wait(STOP_S)
                raise
        status, self.process = self.process.returncode, None
        return status

    def log_text(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_events(self, event=None):
        """What the server logged, line by line as dicts."""
        found = []
        for line in self.log_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if event is None or row.get("event") == event:
                found.append(row)
        return found

    def operator(self):
        """A client on the operator's socket."""
        return Client(self.socket)

    def tenant(self, name):
        """Makes a tenant with a token of every right."""
        operator = self.operator()
        made = operator.post("/operator/v1/tenants", {"name": name})
        if made.status != 201:
            raise RuntimeError("tenant %s: %s" % (name, made))
        return self.login(name, made.json["tenant"])

    def login(self, name, number=None):
        """A new token of every right for a tenant that is there."""
        token = self.operator().post(
            "/operator/v1/tenants/%s/token" % name, {"label": "test"})
        if token.status != 201:
            raise RuntimeError("token for %s: %s" % (name, token))
        return Tenant(self, name, number, token.json["token"])

    def usher(self, *argv, stdin=None, env=None, check=None):
        """Runs the CLI against this server: a CompletedProcess with text.

        CHECK: the exit status it must have, else RuntimeError.
        """
        done = subprocess.run(
            [self.program, "--server", self.url, "--data", self.data, *argv],
            input=stdin, text=True, capture_output=True, timeout=600,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
        if check is not None and done.returncode != check:
            raise RuntimeError("usher %s: %d\n%s%s" % (
                " ".join(argv), done.returncode, done.stdout, done.stderr))
        return done

    def close(self, keep=False):
        try:
            self.stop()
        finally:
            if keep or "USHER_KEEP" in os.environ:
                print("# kept " + self.folder, flush=True)
            elif self.is_ours:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(keep=kind is not None)


# --- the store ---------------------------------------------------------------

STORE = os.environ.pop("USHER_STORE", "")
_cluster, _guard = [], threading.Lock()


def cluster():
    """The PostgreSQL of all servers, where USHER_STORE asks for one."""
    import postgres
    with _guard:
        if not _cluster:
            _cluster.append(postgres.Cluster())
            atexit.register(_cluster[0].close)
            if STORE == "pgbouncer":
                _cluster[0].bounce()
        return _cluster[0]


def store_of(folder):
    """Variables for a server in FOLDER: whoever starts there again finds the
    databases of before.  USHER_STORE: empty (files), postgresql, pgbouncer."""
    if not STORE:
        return {}
    path = os.path.join(folder, "store")
    if not os.path.exists(path):
        with open(path, "w", encoding="ascii") as file:
            file.write(cluster().make())
    with open(path, encoding="ascii") as file:
        return {"USHER_STORE": file.read()}


def free_port():
    """A port below the ephemeral ones, so that no client takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
