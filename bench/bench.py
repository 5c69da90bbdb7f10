#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench.py - measures Usher beside what it is compared with, in one run.

    bench/bench.py              100,000 people, about a quarter of an hour
    bench/bench.py quick        10,000 people, under three minutes
    bench/bench.py full         1,000,000 people, hours

USHER_BUILD names the build (default: build); a debug or sanitized one tells
nothing.  Absolute figures depend on the machine and on the hour, so everything
that is compared is measured in turns, in rounds, and divided within a round.
Each round begins with a copy of the same people.  The table is for people: the
exit status is 0 whatever it says.  Needs root or one's own processes for
strace; slapd and strace are left out where they are not installed.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
sys.path[:0] = [BENCH, os.path.join(ROOT, "tests", "drive")]

import figures
import peers
import watch
from usherlib import BUILD, PROGRAM, Client, Server, Tenant, free_port

PROGRAMS = ["bench_load", "bench_slapd", "bench_raw"]
SMALL = 10_000      # people of the second server
BATCH = 200         # of the baseline, as Usher's largest
BULK_BATCH = 5_000  # where the raw bulk load is fastest
CALIBRATE = 2_000   # onboardings whose rows are counted
START_S = 120

SIZES = {
    #          people     rounds imports starts onboardings at c=1 16 64 256
    "quick":  (10_000,   3, 3, 5, {1: 400, 16: 2_000, 64: 6_000, 256: 6_000}),
    "normal": (100_000,  3, 3, 9, {1: 2_000, 16: 10_000, 64: 20_000,
                                   256: 20_000}),
    "full":   (1_000_000, 5, 3, 9, {1: 4_000, 16: 20_000, 64: 60_000,
                                    256: 60_000}),
}


def say(text):
    print("# %6.1f s  %s" % (time.monotonic() - BEGUN, text), flush=True)


class Bench:
    def __init__(self, tier, folder):
        (self.people, self.rounds, self.imports, self.starts,
         self.counts) = SIZES[tier]
        self.folder = folder
        self.samples = figures.Samples()
        self.next_person = 1
        self.token = None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def add(self, name, number):
        self.samples.add(name, number)

    # --- servers -------------------------------------------------------------

    def server(self, name):
        """Starts a server on a folder; it, and its seconds to an answer."""
        server = Server(folder=self.path(name), start=False,
                        args=["--open-ceiling", "100000000"])
        os.makedirs(server.folder, exist_ok=True)
        begin = time.monotonic()
        server.start(wait=False)
        while time.monotonic() - begin < START_S:
            try:
                client = Client(server.address, timeout=START_S)
                if client.get("/readyz").status == 200:
                    client.close()
                    return server, time.monotonic() - begin
            except OSError:
                pass
            if server.process.poll() is not None:
                break
            time.sleep(.001)
        raise RuntimeError("no answer:\n" + server.log_text()[-4000:])

    def tenant(self, server, made):
        """The tenant of a server whose data were copied."""
        return Tenant(server, made.name, made.number, made.token)

    def copy(self, name, to):
        shutil.rmtree(self.path(to), ignore_errors=True)
        shutil.copytree(self.path(name), self.path(to),
                        ignore=shutil.ignore_patterns("*.sock", "lock", "log"))
        os.sync()

    # --- the company ---------------------------------------------------------

    def generate(self, people, name):
        folder = self.path(name)
        if people == 0:
            shutil.copytree(os.path.join(ROOT, "demo"), folder)
        else:
            subprocess.run(
                [sys.executable, os.path.join(ROOT, "tool", "demo.py"),
                 "--people", str(people), "--out", folder],
                check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "catalogue.yaml"),
                  encoding="utf-8") as file:
            catalogue = with_bench_product(file.read())
        return folder, catalogue

    def fill(self, name, company):
        """A server with an imported company: server, tenant, seconds."""
        folder, catalogue = company
        server, _ = self.server(name)
        tenant = server.tenant("bench")
        tenant.apply(catalogue)
        return server, tenant, self.do_import(tenant, folder)

    def do_import(self, tenant, folder):
        begin = time.monotonic()
        tenant.usher("import", os.path.join(folder, "hr.csv"),
                     "--source", "hr", "--map",
                     os.path.join(folder, "hr-map.yaml"),
                     "--rejects", self.path("rejects.csv"), check=0)
        return time.monotonic() - begin

    # --- phases --------------------------------------------------------------

    def empty(self):
        for i in range(self.starts):
            server, seconds = self.server("empty%d" % i)
            self.add("start.empty", seconds)
            if i < 3:
                time.sleep(1)
                self.add("memory.idle", sum(
                    watch.memory(server.pids()).values()))
            server.close()
        self.add("size", stripped_size(self.path("stripped")))

    def demo(self):
        company = self.generate(0, "demo")
        for i in range(self.imports):
            server, _, seconds = self.fill("demo%d" % i, company)
            self.add("demo", seconds)
            server.close()
            shutil.rmtree(server.folder)

    def imports_of_all(self):
        """Imports and their baseline in turns; the last stays as "base"."""
        company = self.generate(self.people, "company")
        raw = None
        for i in range(self.imports):
            shutil.rmtree(self.path("base"), ignore_errors=True)
            server, tenant, seconds = self.fill("base", company)
            self.add("import", self.people / seconds)
            say("import %d: %.0f/s" % (i + 1, self.people / seconds))
            again = self.do_import(tenant, company[0])
            self.add("again.million", again * 1e6 / self.people)
            if i == self.imports - 1:
                self.with_people(server, tenant)
            server.close()
            if raw is None:
                raw = self.bulk_baseline(server.data, tenant)
            self.bulk(raw)
        return tenant

    def bulk_baseline(self, data, tenant):
        peers.merge(data, self.path("imported.db"))
        rows = peers.rows_of_a_person(
            {}, peers.count_rows(data, tenant.number), self.people)
        rows = {t: n for t, n in rows.items() if t not in peers.KEPT_TABLES}
        say("rows of an imported person: " + words(rows))
        return peers.Raw(program("bench_raw"), self.path("imported.db"),
                         tenant.number, rows)

    def bulk(self, raw):
        target = self.path("bulk.db")
        peers.empty_like(raw.sample, target)
        os.sync()
        found = raw.run(target, self.people, BULK_BATCH)
        self.add("bulk", found["rate"])
        say("raw bulk load: %.0f/s" % found["rate"])
        remove_database(target)

    def with_people(self, server, tenant):
        """What needs an imported company and changes nothing."""
        time.sleep(1)
        self.add("memory.people", sum(watch.memory(server.pids()).values()))
        begin = time.monotonic()
        with open(self.path("names"), "w", encoding="utf-8") as file:
            for person in tenant.client().pages("/api/v1/persons"):
                file.write(person["userName"] + "\n")
        say("%d names read" % count_lines(self.path("names")))
        key = tenant.client().get("/api/v1/audit/key").json["vkey"]
        entries = server_entries(tenant)
        for i in range(3):
            export = self.path("export")
            shutil.rmtree(export, ignore_errors=True)
            begin = time.monotonic()
            tenant.usher("audit", "export", export, check=0)
            self.add("export", time.monotonic() - begin)
            begin = time.monotonic()
            tenant.usher("audit", "verify", export, "--key", key, check=0)
            self.add("verify.million",
                     (time.monotonic() - begin) * 1e6 / entries)
        say("log of %d entries verified" % entries)

    def calibrate(self, made):
        """Onboards, counts rows, batches and syncs; "base" has them then."""
        data = self.path("base", "data")
        before = peers.count_rows(data, made.number)
        server, _ = self.server("base")
        tenant = self.tenant(server, made)
        self.load(tenant, "onboard", 64, CALIBRATE, "seat")
        self.syncs(server, tenant)
        server.close()
        after = peers.count_rows(data, made.number)
        done = after["onboarding"] - before["onboarding"]
        rows = peers.rows_of_a_person(before, after, done)
        say("rows of an onboarding: " + words(rows))
        peers.merge(data, self.path("onboarded.db"))
        return peers.Raw(program("bench_raw"), self.path("onboarded.db"),
                         made.number, rows)

    def syncs(self, server, tenant):
        if not watch.can_count_syncs():
            return
        for _ in range(3):
            with watch.Syncs(server.pids()["front"], self.folder) as syncs:
                self.load(tenant, "onboard", 64, CALIBRATE // 2, "seat")
            batches = syncs.of["usher.db-wal"]
            if batches == 0:
                return
            self.add("batch", CALIBRATE / 2 / batches)
            self.add("syncs.data", 1)
            self.add("syncs.keys", syncs.of["keys.db-wal"] / batches)
            self.add("syncs.other", (sum(syncs.of.values()) - batches
                                     - syncs.of["keys.db-wal"]) / batches)

    def round(self, n, made, raw, slapd, small):
        say("round %d" % (n + 1))
        self.copy("base", "round")
        shutil.copyfile(raw.sample, self.path("target.db"))
        os.sync()
        server, seconds = self.server("round")
        self.add("start.people", seconds)
        tenant = self.tenant(server, made)
        turns = [lambda: self.raw_turn(raw),
                 lambda: self.onboard(server, tenant, 64),
                 lambda: self.small_turn(small),
                 lambda: self.onboard(server, tenant, 256),
                 lambda: self.slapd_turn(slapd),
                 lambda: self.onboard(server, tenant, 1),
                 lambda: self.onboard(server, tenant, 16),
                 lambda: self.reads(tenant)]
        for turn in turns if n % 2 == 0 else reversed(turns):
            turn()
            time.sleep(.3)
        server.close()
        remove_database(self.path("target.db"))

    def raw_turn(self, raw):
        found = raw.run(self.path("target.db"), self.counts[64], BATCH)
        self.add("raw", found["rate"])
        self.add("raw.cpu", found["cpu_us"])
        self.add("raw.kb", found["written_kb"])
        say("  raw %.0f/s" % found["rate"])

    def onboard(self, server, tenant, connections):
        count = self.counts[connections]
        pids = server.pids()
        before = watch.use(pids)
        with watch.Peak(pids) as peak:
            found = self.load(tenant, "onboard", connections, count, "seat")
        name = "onboard.%d" % connections
        for key, of in ("", "rate"), (".p50", "p50_ms"), (".p99", "p99_ms"):
            self.add(name + key, found[of])
        say("  c=%d %.0f/s" % (connections, found["rate"]))
        if connections == 64:
            self.used(before, watch.use(pids), count)
        if connections == 256:
            self.add("memory.load", sum(peak.peak.values()))
            for of, size in peak.peak.items():
                self.add("memory.load." + of, size)

    def used(self, before, after, count):
        spent = {name: (after[name].cpu_s - before[name].cpu_s) * 1e6 / count
                 for name in after}
        for name, cpu_us in spent.items():
            self.add("cpu." + name, cpu_us)
        self.add("cpu.all", sum(spent.values()))
        self.add("kb", sum(after[name].written - before[name].written
                           for name in after) / 1024 / count)

    def small_turn(self, small):
        if small is not None:
            found = self.load(small, "onboard", 64, self.counts[64], "seat")
            self.add("onboard.small", found["rate"])

    def slapd_turn(self, slapd):
        if slapd is None:
            return
        found = slapd.add(64, self.counts[64] // 8)
        self.add("slapd.64", found["rate"])
        found = slapd.add(1, self.counts[1])
        self.add("slapd.1.p50", found["p50_ms"])
        say("  slapd done")

    def reads(self, tenant):
        self.add("read", self.load(
            tenant, "read", 64, self.counts[64], self.path("names"))["rate"])
        self.add("list", self.load(
            tenant, "list", 16, max(self.counts[64] // 40, 200),
            "100")["rate"])
        say("  read and list done")

    def load(self, tenant, kind, connections, count, argument):
        done = subprocess.run(
            [program("bench_load"), str(tenant.server.address[1]),
             tenant.token_file, str(connections), str(count),
             str(self.next_person), kind, argument], stdout=subprocess.PIPE)
        if done.returncode != 0:
            raise RuntimeError("bench_load %s: %s" % (kind, done.stdout))
        if kind == "onboard":
            self.next_person += count
        return json.loads(done.stdout)

    # --- the run -------------------------------------------------------------

    def run(self):
        slapd = small = None
        self.empty()
        say("started empty")
        self.demo()
        made = self.imports_of_all()
        raw = self.calibrate(made)
        if self.people > SMALL:
            server, small, _ = self.fill(
                "small", self.generate(SMALL, "small-company"))
        if peers.find_slapd():
            slapd = peers.Slapd(
                program("bench_slapd"), self.path("slapd"), free_port())
        try:
            for n in range(self.rounds):
                self.round(n, made, raw, slapd, small)
        finally:
            if slapd is not None:
                slapd.close()
            if small is not None:
                small.server.close()


# --- small things ------------------------------------------------------------

def with_bench_product(catalogue):
    """The demo's catalogue with a product that has room for everybody and that
    no rule gives; who is onboarded here gets nothing by the demo's rules; and
    no bound on how many records may be opened a minute."""
    catalogue = catalogue.replace(
        "active eq true", 'active eq true and userType ne "bench"')
    catalogue = re.sub(r"(?m)^settings:\n", "settings:\n"
                       "  vault.open_per_minute: 100000000\n", catalogue)
    catalogue = re.sub(r"(?m)^products:\n", "products:\n"
                       '  seat: { name: "Bench", cap: 90 }\n', catalogue)
    return re.sub(r"(?m)^pools:\n", "pools:\n" + "".join(
        "  seat-%s: { product: seat, site: %s, quota: 10000000 }\n"
        % (site, site) for site in ("ber", "muc", "lyo")), catalogue)


def program(name):
    return os.path.join(BUILD, "bench", name)


def stripped_size(path):
    subprocess.run(["strip", "-o", path,
                    os.path.join(BUILD, PROGRAM)], check=True)
    return os.path.getsize(path) / 2 ** 20


def remove_database(path):
    for name in (path, path + "-wal", path + "-shm"):
        if os.path.exists(name):
            os.remove(name)


def count_lines(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def server_entries(tenant):
    return tenant.client().get("/api/v1/audit/entries?limit=1").json["size"]


def words(rows):
    return " ".join("%s %.4g" % pair for pair in sorted(rows.items()))


def main():
    tier = sys.argv[1] if len(sys.argv) > 1 else "normal"
    if tier not in SIZES or len(sys.argv) > 2:
        sys.exit(__doc__)
    subprocess.run(["ninja", "-C", BUILD, "--quiet",
                    *("bench/" + p for p in PROGRAMS)], check=True)
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        bench = Bench(tier, folder)
        try:
            bench.run()
        finally:
            print("\n%s people, %s; medians of n, ± half the spread\n"
                  % (format(bench.people, ","), tier))
            print("\n".join(figures.table(bench.samples)), flush=True)


BEGUN = time.monotonic()

if __name__ == "__main__":
    main()
