# SPDX-License-Identifier: Apache-2.0
"""killdevices.py - resources of a declared type, made, changed and removed by
SCIM while the server is killed: what was acknowledged is there, nothing is
half done, nothing is done twice, and what is unique stays so.

Each change of a device changes two of its values, of which one is unique, to
those of the next number; so what is there says how often it was changed, and
its version must say the same.  A device is in the hands of one client at a
time, and what had no answer is not touched before somebody has looked.
"""
import threading
import urllib.parse

REFUSED = (429, 503, 507)   # not done, or of unknown outcome
SAMPLE = 10                 # that are looked up by their keys

DEVICE = "urn:example:scim:2.0:Device"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
DECLARED = {
    "schemas": {"device": {"urn": DEVICE, "of": "resource", "attributes": {
        "serial": {"type": "string", "required": True, "unique": True},
        "model": {"type": "string", "searchable": True}}}},
    "resource_types": {"device": {
        "name": "Device", "endpoint": "/Devices", "schema": "device"}}}
PATH = "/scim/v2/Devices"


class Device:
    """MAY: how often it may have been changed; None: it is not there."""

    def __init__(self, ref):
        self.ref, self.id, self.may = ref, None, {None, 0}

    def values(self, at):
        return {"serial": "%s-%d" % (self.ref, at), "model": "m%d" % at}

    def body(self, at):
        return {"schemas": [DEVICE], "externalId": self.ref,
                **self.values(at)}


class Devices:
    """What the clients of one tenant know of its devices."""

    def __init__(self):
        self.lock = threading.Lock()    # guards the rest
        self.all, self.idle = [], []

    # the load

    def step(self, api, dice, odd):
        chance, device = dice.random(), None
        with self.lock:
            if chance < .6 and self.idle:
                device = self.idle.pop(dice.randrange(len(self.idle)))
            else:
                new = Device("d%d" % len(self.all))
                self.all.append(new)
        if device is None:
            self.make(api, new, odd)
        elif chance < .35:
            self.change(api, device, dice, odd)
        elif chance < .5:
            self.remove(api, device, odd)
        else:
            self.double(api, device, odd)

    def is_done(self, device, reply, wanted, state, odd):
        """Whether it is; refused, it may be or not."""
        if reply.status == wanted:
            device.may = {state}
            return True
        if reply.status not in REFUSED:
            odd.append("device %s: %s" % (device.ref, reply))
        return False

    def free(self, device):
        with self.lock:
            self.idle.append(device)

    def make(self, api, device, odd):
        reply = api.post(PATH, device.body(0))
        if self.is_done(device, reply, 201, 0, odd):
            device.id = reply.json["id"]
            self.free(device)

    def change(self, api, device, dice, odd):
        (at,) = device.may
        path, match = PATH + "/" + device.id, {"If-Match": '"%d"' % (at + 1)}
        device.may = {at, at + 1}
        if dice.random() < .5:
            reply = api.request("PUT", path, device.body(at + 1), match)
        else:
            reply = api.request("PATCH", path, {
                "schemas": [PATCH_OP], "Operations": [
                    {"op": "replace", "path": name, "value": value}
                    for name, value in device.values(at + 1).items()]}, match)
        if self.is_done(device, reply, 200, at + 1, odd):
            self.free(device)

    def remove(self, api, device, odd):
        device.may = device.may | {None}
        self.is_done(device, api.delete(PATH + "/" + device.id), 204, None,
                     odd)

    def double(self, api, device, odd):
        """Another with the same unique value must not come to be."""
        (at,) = device.may
        try:
            reply = api.post(PATH, {**device.body(at),
                                    "externalId": device.ref + "-other"})
        finally:
            self.free(device)
        if reply.status == 201:
            odd.append("doubled: device %s is %s, too" % (
                device.ref, reply.json["id"]))
        elif reply.status != 409 and reply.status not in REFUSED:
            odd.append("device %s again: %s" % (device.ref, reply))

    # what the server says afterwards

    def look(self, api, dice):
        """(what is there as [(ref, id, serial, model, version)], faults)."""
        faults = []
        for device in self.all:
            if device.id is None and device.may != {None}:
                faults += self.repeat(api, device)
        found = list_all(api, faults)
        there = [row for row in found if row[2]]
        for ref, number, serial, *_ in dice.sample(
                there, min(SAMPLE, len(there))):
            keys = [serial]
            at = int(serial.rsplit("-", 1)[1])
            if at > 0:
                keys.append("%s-%d" % (ref, at - 1))
            for key, wanted in zip(keys, ([number], [])):
                ids = [row["id"] for row in asked(api, "serial", key)]
                if ids != wanted:
                    faults.append("device %s: %s finds %s" % (ref, key, ids))
        return found, faults

    def repeat(self, api, device):
        """Asked for again, it is made or there already."""
        reply = api.post(PATH, device.body(0))
        if reply.status == 201:
            device.may = {0}
            device.id = reply.json["id"]
        elif reply.status == 409:
            rows = asked(api, "externalId", device.ref)
            if len(rows) != 1:
                return ["doubled: device %s is there %d times" % (
                    device.ref, len(rows))]
            device.may = {0}
            device.id = rows[0]["id"]
        else:
            return ["device %s again: %s" % (device.ref, reply)]
        return []

    def compare(self, found):
        """Faults; what was unknown is known afterwards."""
        faults, there = [], {}
        for ref, number, serial, model, version in found:
            if ref in there:
                faults.append("doubled: device %s is %s and %s" % (
                    ref, there[ref][0], number))
            there[ref] = number, serial, model, version
        self.idle = []
        for device in self.all:
            state = None
            if device.ref in there:
                state, some = stands(device, *there.pop(device.ref))
                faults += some
            if state not in device.may:
                faults.append("acknowledged, then lost: device %s is at %s, "
                              "not %s" % (device.ref, state, device.may))
            device.may = {state}
            if state is not None:
                self.idle.append(device)
        return faults + ["device %s was never sent" % ref for ref in there]


def stands(device, number, serial, model, version):
    """(how often it was changed, faults)."""
    faults, at = [], int(model[1:])
    if number != device.id:
        faults.append("acknowledged, then lost: device %s was %s, is %s" % (
            device.ref, device.id, number))
    if serial != device.values(at)["serial"]:
        faults.append("half done: device %s has %s and %s" % (
            device.ref, model, serial))
    if version != '"%d"' % (at + 1):
        faults.append("done twice: device %s has %s and the version %s" % (
            device.ref, model, version))
    return at, faults


def asked(api, attribute, value):
    return api.get(PATH + "?filter=" + urllib.parse.quote(
        '%s eq "%s"' % (attribute, value))).json.get("Resources", [])


def list_all(api, faults):
    found, cursor = [], ""
    while True:
        reply = api.get(PATH + "?count=500&cursor=" + cursor)
        if reply.status != 200:
            faults.append("listing devices: %s" % reply)
            return found
        for row in reply.json["Resources"]:
            found.append((row.get("externalId"), row["id"], row.get("serial"),
                          row.get("model"), row["meta"]["version"]))
        cursor = reply.json.get("nextCursor")
        if not cursor:
            break
    if reply.json["totalResults"] != len(found):
        faults.append("%d devices are listed, %d counted" % (
            len(found), reply.json["totalResults"]))
    return found


# --- the rig finds what it must ----------------------------------------------

def controls(tap):
    """Planted answers: each is one fault away from a whole one."""
    def planted(change):
        devices = Devices()
        devices.all = [Device("d0"), Device("d1"), Device("d2")]
        for device, may in zip(devices.all, ({1}, {0, 1}, {None})):
            device.id, device.may = device.ref.upper(), may
        found = [["d0", "D0", "d0-1", "m1", '"2"'],
                 ["d1", "D1", "d1-0", "m0", '"1"']]
        change(found)
        return devices.compare(found)

    def put(row, column, value):
        def change(found):
            found[row][column] = value
        return change

    tap.ok(not planted(lambda found: None)
           and not planted(put(1, slice(2, 5), ["d1-1", "m1", '"2"'])),
           "controls: whole devices pass")
    for name, change in (
            ("is lost", lambda found: found.pop()),
            ("was never sent", put(0, 0, "x")),
            ("is there twice", lambda found: found.append(found[0])),
            ("is another", put(0, 1, "X")),
            ("lost its change", put(0, slice(2, 5), ["d0-0", "m0", '"1"'])),
            ("is half changed", put(0, 2, "d0-0")),
            ("was changed twice", put(0, 4, '"3"')),
            ("is back", lambda found: found.append(
                ["d2", "D2", "d2-0", "m0", '"1"']))):
        tap.ok(planted(change), "controls: a device that %s is found" % name)
