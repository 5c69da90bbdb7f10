# SPDX-License-Identifier: Apache-2.0
"""figures.py - what is measured, what it must be, and the table of both.

A sample is one number of one round; a ratio is made inside a round, and the
median of the rounds is shown.  Gates and goals are those of PERFORMANCE.md:
"gate" is what a release must hold, "goal" is where it is going.  Nothing here
fails: the table tells, people decide.
"""
import collections
import statistics

# A figure holds if it is at least (+1) or at most (-1) the gate.
LEAST, MOST = 1, -1

Figure = collections.namedtuple(
    "Figure", "name title unit of sense gate goal", defaults=(None,) * 5)

# name: of the samples; of: of the samples it is divided by, round by round.
FIGURES = [
    Figure("raw", "raw SQLite, 200 to a commit", "/s"),
    Figure("raw.cpu", "  CPU of a person", "µs"),
    Figure("raw.kb", "  written for a person", "KB"),
    Figure("slapd.64", "slapd durable adds, c=64", "/s"),
    Figure("slapd.1.p50", "  p50, c=1", "ms"),

    Figure("onboard.1", "onboard, c=1", "/s", "raw"),
    Figure("onboard.16", "onboard, c=16", "/s", "raw"),
    Figure("onboard.64", "onboard, c=64 ÷ raw", "/s", "raw", LEAST, .6, .9),
    Figure("onboard.256", "onboard, c=256 ÷ raw", "/s", "raw",
           LEAST, .7, 1.0),
    Figure("onboard.64", "onboard, c=64 ÷ slapd", "/s", "slapd.64",
           LEAST, 15, 30),
    Figure("onboard.64", "onboard, c=64 ÷ c=1", "/s", "onboard.1",
           LEAST, 6, 10),
    Figure("onboard.1.p50", "p50 at c=1 ÷ slapd's", "ms", "slapd.1.p50",
           MOST, .6, .35),
    Figure("onboard.64.p99", "p99 ÷ p50, c=64", "ms", "onboard.64.p50",
           MOST, 6, 4),
    Figure("onboard.small", "10 k people ÷ these, c=64", "/s", "onboard.64",
           MOST, 2.0, 1.3),
    Figure("cpu.all", "CPU of an onboarding, c=64", "µs", "raw.cpu"),
    Figure("cpu.front", "  front", "µs"),
    Figure("cpu.vault", "  vault", "µs"),
    Figure("cpu.parent", "  parent", "µs"),
    Figure("kb", "written for an onboarding", "KB", "raw.kb", None, 16, 10),
    Figure("batch", "onboardings in a batch, c=64", ""),
    Figure("syncs.data", "syncs of a batch: data", "", None, MOST, 1, 1),
    Figure("syncs.keys", "  keys", ""),
    Figure("syncs.other", "  all others", ""),

    Figure("read", "read one by userName, c=64", "/s", None,
           LEAST, 10e3, 20e3),
    Figure("list", "list 100, opened, c=16", "/s", None, LEAST, 200, 500),

    Figure("bulk", "raw bulk load", "/s"),
    Figure("import", "import ÷ raw bulk load", "/s", "bulk", LEAST, .3, .6),
    Figure("again.million", "unchanged re-import, of 1 M", "s", None,
           MOST, 10, 3),
    Figure("demo", "import of the demo", "s"),
    Figure("verify.million", "verify a log, of 1 M entries", "s", None,
           MOST, 10, 2),
    Figure("export", "export the log", "s"),

    Figure("memory.idle", "memory idle, empty", "MiB", None, MOST, 30, 15),
    Figure("memory.people", "memory idle, with people", "MiB"),
    Figure("memory.load", "memory under load", "MiB", None, MOST, 256, 128),
    Figure("memory.load.front", "  front", "MiB"),
    Figure("memory.load.vault", "  vault", "MiB"),
    Figure("memory.load.parent", "  parent", "MiB"),
    Figure("start.empty", "start to first answer, empty", "s", None,
           MOST, .1, .03),
    Figure("start.people", "start, with people", "s", None, MOST, 1, .3),
    Figure("size", "usher executable, stripped", "MiB", None, MOST, 10, 8),
]

# KB written are gated as such, beside the ratio.
ABSOLUTE = {"kb": MOST}


class Samples:
    """Numbers by name and round."""

    def __init__(self):
        self.of = collections.defaultdict(list)

    def add(self, name, number):
        self.of[name].append(number)

    def median(self, name):
        return statistics.median(self.of[name]) if name in self.of else None

    def ratio(self, name, of):
        """Round by round where both have as many, else of the medians."""
        a, b = self.of.get(name), self.of.get(of)
        if not a or not b:
            return None
        if len(a) != len(b):
            return statistics.median(a) / statistics.median(b)
        return statistics.median(x / y for x, y in zip(a, b))

    def spread(self, name):
        """Half of what lies between the extremes, of the median."""
        found = self.of[name]
        middle = statistics.median(found)
        return (max(found) - min(found)) / 2 / middle if middle else 0.0


def number(value):
    if value is None:
        return "–"
    size = abs(value)
    if size >= 1000:
        return format(round(value), ",")
    return "%.*f" % (0 if size >= 100 else 1 if size >= 10 else
                     2 if size >= .1 or size == 0 else 4, value)


def row(figure, samples):
    """The cells of a figure, or None if it was not measured."""
    measured = samples.median(figure.name)
    if measured is None:
        return None
    ratio = samples.ratio(figure.name, figure.of) if figure.of else None
    sense = figure.sense or ABSOLUTE.get(figure.name)
    judged = ratio if figure.of and figure.sense else measured
    met = ""
    if sense is not None and judged is not None:
        met = ("goal" if sense * (judged - figure.goal) >= 0 else
               "yes" if sense * (judged - figure.gate) >= 0 else "no")
    mark = {LEAST: "≥ ", MOST: "≤ "}.get(sense, "")
    count = len(samples.of[figure.name])
    return [figure.title, number(measured) + " " + figure.unit,
            "±%d %%" % round(100 * samples.spread(figure.name))
            if count > 1 else "", str(count),
            number(ratio) if figure.of else "",
            mark + number(figure.gate) if sense else "",
            mark + number(figure.goal) if sense else "", met]


HEAD = ["figure", "measured", "", "n", "ratio", "gate", "goal", "met"]
NUMBERS = {1, 2, 3, 4, 5, 6}    # columns to be set right


def table(samples):
    rows = [HEAD] + [r for r in (row(f, samples) for f in FIGURES) if r]
    width = [max(len(r[i]) for r in rows) for i in range(len(HEAD))]
    for r in rows:
        yield "  ".join(
            cell.rjust(width[i]) if i in NUMBERS else cell.ljust(width[i])
            for i, cell in enumerate(r)).rstrip()
