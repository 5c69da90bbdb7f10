# SPDX-License-Identifier: Apache-2.0
"""scimsort.py - tests of RFC 7644 3.4.2.3 and RFC 9865 2.2: lists that are
sorted, of users and of groups, in pages of both kinds."""
from scimlib import GROUP, fine, refused, same, status, test, true

WAYS = ("id", "meta.created", "ID")


def shown(reply):
    return [row["id"] for row in fine(reply)["Resources"]]


def some(w):
    """Five users of a client of their own, as many groups, both as they came.
    It reads no roles, which were not made by anybody."""
    client = w.of(source=w.name(), rights=[
        "self", "person.read", "person.write", "onboarding.write"])
    users = [w.user(client, title="T")["id"] for _ in range(5)]
    groups = [fine(client.post("/Groups", {
        "schemas": [GROUP], "displayName": w.name()}))["id"]
        for _ in range(5)]
    return client, (("/Users", users), ("/Groups", groups))


@test
def lists_are_sorted_by_when_things_were_made(w):
    client, kinds = some(w)
    for path, made in kinds:
        for by in WAYS:
            same(shown(client.list(path, sortBy=by)), made, path, by)
            same(shown(client.list(path, sortBy=by, sortOrder="Ascending")),
                 made, path, by)
            same(shown(client.list(path, sortBy=by, sortOrder="descending")),
                 made[::-1], path, by)
            same(shown(client.search(path, sortBy=by,
                                     sortOrder="descending")),
                 made[::-1], path, by)
        # Without sortBy there is no order to turn.
        same(shown(client.list(path, sortOrder="descending")), made, path)


@test
def what_is_sorted_is_filtered_too(w):
    client, kinds = some(w)
    (_, made), (_, groups) = kinds
    same(shown(client.list(filter='title eq "T"', sortBy="id",
                           sortOrder="descending", count=2)), made[:2:-1])
    same(shown(client.list(filter='userName sw "user" and title eq "T"',
                           sortBy="id", sortOrder="descending",
                           startIndex=2, count=2)), made[3:1:-1])
    same(shown(client.list("/Groups", filter='id eq "%s"' % groups[1],
                           sortBy="id", sortOrder="descending")),
         groups[1:2])


@test
def sorted_results_stay_sorted(w):
    client, kinds = some(w)
    for path, made in kinds:
        for order, wanted in ("ascending", made), ("descending", made[::-1]):
            found, cursor, queries = [], "", 0
            while cursor is not None and queries < 9:
                page = fine(client.list(path, sortBy="id", sortOrder=order,
                                        count=2, cursor=cursor))
                same(page["totalResults"], 5)
                found += [row["id"] for row in page["Resources"]]
                cursor, queries = page.get("nextCursor"), queries + 1
            same(found, wanted, path, order)
            found = []
            for start in 1, 3, 5:
                found += shown(client.list(path, sortBy="id",
                                           sortOrder=order, count=2,
                                           startIndex=start))
            same(found, wanted, path, order)


@test
def what_cannot_be_sorted_by_is_refused(w):
    for path in ("/Users", "/Groups"):
        for by in ("userName", "name.familyName", "title", "displayName"):
            refused(w.scim.list(path, sortBy=by), 400, "invalidValue")
        refused(w.scim.list(path, sortBy="id", sortOrder="up"), 400,
                "invalidValue")
    told = fine(status(w.scim.get("/ServiceProviderConfig"), 200))
    true(told["sort"]["supported"], told)
