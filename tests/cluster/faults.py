# SPDX-License-Identifier: Apache-2.0
"""faults.py - what becomes of a primary: a table of names, harm and healing."""
import collections
import signal

Fault = collections.namedtuple("Fault", "name harm heal")


def cut(*chains):
    return lambda host: host.cut(*chains)


def join(host):
    host.join()


# The host that leads, with its etcd member: never the database alone.
FAULTS = (
    Fault("killed", lambda host: host.power_off(), lambda host: host.start()),
    Fault("frozen", lambda host: host.signal(signal.SIGSTOP),
          lambda host: host.signal(signal.SIGCONT)),
    Fault("cut off", cut("input", "output"), join),
    Fault("deaf", cut("input"), join),
    Fault("mute", cut("output"), join),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
