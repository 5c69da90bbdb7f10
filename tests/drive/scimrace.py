# SPDX-License-Identifier: Apache-2.0
"""scimrace.py - tests of SCIM's changes that meet each other: none is undone
by another that did not know it, and what was refused did not happen."""
import threading

import scimdeclared
from scimlib import USER, Scim, fine, op, same, test, true

ROUNDS = 6


def at_once(w, *asks, tenant=None):
    """The answers to ASKS, each a function of a client with a connection of its own."""
    replies = [None] * len(asks)
    clients = [Scim(w, (tenant or w.acme).client()) for _ in asks]
    start = threading.Barrier(len(asks))

    def ask(i):
        start.wait()
        replies[i] = asks[i](clients[i])

    threads = [threading.Thread(target=ask, args=(i,))
               for i in range(len(asks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


@test
def patches_at_once_are_each_whole(w):
    made = w.user()
    path = "/Users/" + made["id"]

    def adding(name):
        return lambda scim: scim.patch(path, op("add", "emails", [
            {"value": name + "@x.example", "type": "other"}]),
            op("add", "phoneNumbers", [{"value": name, "type": "other"}]))

    names = ["n%d" % i for i in range(ROUNDS)]
    replies = at_once(w, *map(adding, names))
    done = {name for name, reply in zip(names, replies)
            if reply.status < 300}
    true(done, "nobody got through", *replies)
    for reply in replies:
        true(reply.status in (200, 409, 412, 503), reply)
    found = w.show(made)
    same({row["value"] for row in found.get("phoneNumbers", [])}, done)
    same({row["value"] for row in found.get("emails", [])},
         {name + "@x.example" for name in done})


@test
def replacing_at_once_undoes_nothing_unseen(w):
    for i in range(ROUNDS):
        made = w.user(nickName="before", title="before")
        path, tag = "/Users/" + made["id"], made["meta"]["version"]
        body = {"schemas": [USER], "userName": made["userName"]}
        replies = at_once(
            w, lambda scim: scim.put(path, {**body, "nickName": "one"},
                                     If_Match=tag),
            lambda scim: scim.put(path, {**body, "nickName": "two"},
                                  If_Match=tag))
        same(sorted(reply.status for reply in replies), [200, 412], i)
        winner = "one" if replies[0].status == 200 else "two"
        found = w.show(made)
        same((found["nickName"], "title" in found), (winner, False), i)


@test
def a_patch_beside_a_put_begins_from_what_is_there(w):
    for i in range(ROUNDS):
        made = w.user(nickName="before", title="before")
        path = "/Users/" + made["id"]
        body = {"schemas": [USER], "userName": made["userName"],
                "nickName": "put"}
        replies = at_once(
            w, lambda scim: scim.put(path, body),
            lambda scim: scim.patch(path, op("replace", "title", "patched")))
        same([reply.status for reply in replies], [200, 200], i)
        found = w.show(made)
        # Whichever was last, the one's nickName is not what the other read.
        same(found["nickName"], "put", i)
        true(found.get("title") in (None, "patched"), found)


@test
def products_asked_for_at_once_are_all_there(w):
    for i in range(ROUNDS):
        made = w.user(entitlements=["mail"])
        path = "/Users/" + made["id"]
        replies = at_once(
            w, lambda scim: scim.patch(path, op("add", "entitlements",
                                                ["rare"])),
            lambda scim: scim.patch(path, op("remove", "entitlements", [
                {"value": "mail"}])),
            lambda scim: scim.patch(path, op("replace", "title", "T")))
        same([reply.status for reply in replies], [200] * 3, i)
        found = w.show(made, "?attributes=title,entitlements")
        same(([one["value"] for one in found["entitlements"]],
              found["title"]), (["rare"], "T"), i)


# --- resources of declared types ----------------------------------------------

def device(w, **more):
    return {"schemas": [scimdeclared.DEVICE], "serial": w.name(), **more}


@test
def of_resources_made_at_once_one_has_what_is_unique(w):
    mine = scimdeclared.client(w)
    for i in range(ROUNDS):
        body = device(w)
        replies = at_once(w, *[lambda scim: scim.post("/Devices", body)] * 4,
                          tenant=w.declared_tenant)
        same(sorted(reply.status for reply in replies), [201] + [409] * 3, i)
        same({reply.json["scimType"] for reply in replies
              if reply.status == 409}, {"uniqueness"}, i)
        found = mine.list("/Devices", filter='serial eq "%s"' % body["serial"])
        same(fine(found)["totalResults"], 1, i)


@test
def resources_changed_at_once_have_one_winner(w):
    mine = scimdeclared.client(w)
    for i in range(ROUNDS):
        made = fine(mine.post("/Devices", device(w, model="before")))
        path, tag = "/Devices/" + made["id"], made["meta"]["version"]
        body = device(w, serial=made["serial"])
        replies = at_once(
            w, lambda scim: scim.put(path, {**body, "model": "put"},
                                     If_Match=tag),
            lambda scim: scim.patch(path, op("replace", "model", "patched"),
                                    If_Match=tag),
            lambda scim: scim.delete(path, If_Match=tag),
            tenant=w.declared_tenant)
        same(sorted(reply.status for reply in replies if reply.status
                    not in (404, 412)), [204] if replies[2].status == 204
             else [200], i)
        left = mine.get(path)
        if replies[2].status == 204:
            same(left.status, 404, i)
        else:
            same(left.json["model"], "put" if replies[0].status == 200
                 else "patched", i)


@test
def resources_patched_at_once_lose_nothing(w):
    mine = scimdeclared.client(w)
    made = fine(mine.post("/Devices", device(w)))
    path = "/Devices/" + made["id"]
    names = ["p%d" % i for i in range(ROUNDS)]

    def adding(name):
        return lambda scim: scim.patch(path, op("add", "ports", [name]))

    replies = at_once(w, *map(adding, names), tenant=w.declared_tenant)
    done = {name for name, reply in zip(names, replies) if reply.status < 300}
    true(done, "nobody got through", *replies)
    for reply in replies:
        true(reply.status in (200, 409, 503), reply)
    found = fine(mine.get(path))
    same(set(found["ports"]), done)
    same(found["meta"]["version"], '"%d"' % (len(done) + 1))


@test
def a_unique_value_changes_hands_once(w):
    """Each of two wants what a third has, when it gives it up and before."""
    mine = scimdeclared.client(w)
    for i in range(ROUNDS):
        one, two, has = (fine(mine.post("/Devices", device(w)))
                         for _ in range(3))
        wanted = has["serial"]

        def taking(who):
            return lambda scim: scim.patch(
                "/Devices/" + who["id"], op("replace", "serial", wanted))

        replies = at_once(
            w, taking(one), taking(two),
            lambda scim: scim.delete("/Devices/" + has["id"]),
            tenant=w.declared_tenant)
        same(replies[2].status, 204, i)
        true(sorted(reply.status for reply in replies[:2]) in (
            [200, 409], [409, 409]), *replies)
        found = fine(mine.list("/Devices", filter='serial eq "%s"' % wanted))
        same({row["id"] for row in found["Resources"]}, {
            who["id"] for who, reply in zip((one, two), replies)
            if reply.status == 200}, i)
