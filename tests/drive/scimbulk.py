# SPDX-License-Identifier: Apache-2.0
"""scimbulk.py - tests of RFC 7644 3.7, Bulk, and 3.11, Me."""
from scimlib import (BASE, ENTERPRISE, ERROR, GROUP, MESSAGE, PATCH_OP, USER,
                     Scim, fine, op, refused, same, status, test, true)
from usherlib import Client

REQUEST, RESPONSE = MESSAGE + "BulkRequest", MESSAGE + "BulkResponse"


def limits(w):
    return fine(w.scim.get("/ServiceProviderConfig"))["bulk"]


def bulk(w, *operations, client=None, **more):
    return (client or w.scim).post("/Bulk", {
        "schemas": [REQUEST], "Operations": list(operations), **more})


def each(w, *operations, **more):
    """The outcomes, in the order of the operations."""
    reply = status(bulk(w, *operations, **more), 200)
    same(reply.json["schemas"], [RESPONSE])
    return reply.json["Operations"]


def post(w, name, **more):
    return {"method": "POST", "path": "/Users", "bulkId": name,
            "data": w.draft(**more)}


def patch(path, *operations, **more):
    return {"method": "PATCH", "path": path, "data": {
        "schemas": [PATCH_OP], "Operations": list(operations)}, **more}


def codes(outcomes):
    return [row["status"] for row in outcomes]


def id_of(outcome):
    return outcome["location"].rpartition("/")[2]


def manager_of(w, outcome):
    return fine(w.scim.get("/Users/" + id_of(outcome)))[ENTERPRISE][
        "manager"]["value"]


def reports(name):
    return {"schemas": [USER, ENTERPRISE],
            ENTERPRISE: {"manager": {"value": "bulkId:" + name}}}


# --- 3.7 ---------------------------------------------------------------------

@test
def a_bulk_says_what_it_is(w):
    for schemas in ([], [RESPONSE], None):
        refused(w.scim.post("/Bulk", {
            "schemas": schemas, "Operations": []}), 400, "invalidSyntax")
    for more in ({}, {"Operations": {}}, {"Operations": "x"}):
        refused(w.scim.post("/Bulk", {"schemas": [REQUEST], **more}), 400,
                "invalidSyntax")
    refused(w.nobody.post("/Bulk", {"schemas": [REQUEST]}), 401)
    refused(w.scim.get("/Bulk"), 405)


@test
def a_bulk_does_every_kind_of_operation(w):
    made, gone = w.user(title="T"), w.user()
    outcomes = each(
        w, post(w, "a"), patch("/Users/" + made["id"],
                               op("add", "nickName", "N")),
        {"method": "DELETE", "path": "/Users/" + gone["id"]})
    same(codes(outcomes), ["201", "200", "204"])
    same([row["method"] for row in outcomes], ["POST", "PATCH", "DELETE"])
    same(w.show(made)["nickName"], "N")
    refused(w.scim.get("/Users/" + gone["id"]), 404)
    outcomes = each(w, {"method": "PUT", "path": "/Users/" + made["id"],
                        "data": {"schemas": [USER], "title": "P",
                                 "userName": made["userName"]}})
    same((codes(outcomes), w.show(made)["title"]), (["200"], "P"))


@test
def bulk_ids_come_back(w):
    outcomes = each(w, post(w, "one"), post(w, "two"))
    same([row["bulkId"] for row in outcomes], ["one", "two"])
    for row in outcomes:
        true(row["location"].endswith("%s/Users/%s" % (BASE, id_of(row))), row)
        fine(w.scim.get("/Users/" + id_of(row)))


@test
def versions_come_back(w):
    made = w.user()
    outcomes = each(w, post(w, "a"),
                    patch("/Users/" + made["id"], op("add", "title", "T")))
    for row in outcomes:
        same(row["version"], fine(w.scim.get("/Users/" + id_of(row)))["meta"][
            "version"])


@test
def a_bulk_makes_a_group_with_whom_it_makes(w):
    for order in (1, -1):
        outcomes = each(w, *[post(w, "alice"), {
            "method": "POST", "path": "/Groups", "bulkId": "guides", "data": {
                "schemas": [GROUP], "displayName": w.name(),
                "members": [{"type": "User", "value": "bulkId:alice"}]}}][
                    ::order])
        same(codes(outcomes), ["201", "201"])
        user, group = outcomes[::order]
        row, = fine(w.scim.get("/Groups/" + id_of(group)))["members"]
        same((row["value"], row["$ref"]), (id_of(user), user["location"]))


@test
def locations_are_of_all_but_a_failed_post(w):
    made = w.user()
    path = "/Users/" + made["id"]
    outcomes = each(w, post(w, "a", userName=made["userName"]),
                    patch(path, op("replace", "id", "x")),
                    {"method": "DELETE", "path": path})
    same(codes(outcomes), ["409", "400", "204"])
    same(["location" in row for row in outcomes], [False, True, True])
    same(outcomes[2]["location"], made["meta"]["location"])


@test
def what_failed_says_why(w):
    made = w.user()
    outcomes = each(
        w, post(w, "a", userName=made["userName"]),
        patch("/Users/" + made["id"], op("remove")),
        {"method": "DELETE", "path": "/Users/0000000000ABC"},
        {"method": "DELETE", "path": "/Nothing/0000000000ABC"})
    same(codes(outcomes), ["409", "400", "404", "404"])
    kinds = []
    for row in outcomes:
        same((row["response"]["schemas"], row["response"]["status"]),
             ([ERROR], row["status"]))
        kinds.append(row["response"].get("scimType"))
    same(kinds, ["uniqueness", "noTarget", None, None])


@test
def all_of_a_bulk_is_tried(w):
    bad = {"method": "DELETE", "path": "/Users/0000000000ABC"}
    outcomes = each(w, bad, post(w, "a"), bad, post(w, "b"), bad)
    same(codes(outcomes), ["404", "201", "404", "201", "404"])


@test
def a_bulk_ends_after_so_many_errors(w):
    bad = {"method": "DELETE", "path": "/Users/0000000000ABC"}
    for most in 1, 2, 3:
        reply = bulk(w, bad, bad, bad, bad, failOnErrors=most)
        same(set(status(reply, 200).json), {"schemas", "Operations"})
        same(codes(reply.json["Operations"]), ["404"] * most)
    same(len(each(w, bad, bad, bad, failOnErrors=9)), 3)
    for wrong in (0, -1, "1", 1.5, True):
        refused(bulk(w, bad, failOnErrors=wrong), 400)
    names = [w.name() for _ in range(3)]
    outcomes = each(w, bad, *(post(w, name, userName=name)
                              for name in names), failOnErrors=1)
    made = [name for name in names
            if w.found('userName eq "%s"' % name)]
    # What is told was done, and what was done is told.
    same(sorted(row["bulkId"] for row in outcomes if row["status"] == "201"),
         sorted(made))
    outcomes = each(w, bad, post(w, "x"), failOnErrors=2)
    same(sorted(codes(outcomes)), ["201", "404"])


@test
def what_is_not_begun_any_more_is_missed_by_who_refers_to_it(w):
    """Two who refer to each other: the first is made without the second."""
    bad = {"method": "DELETE", "path": "/Users/0000000000ABC"}
    gone = post(w, "ana", **reports("bo"))
    gone["data"].pop("userName")
    outcomes = {row["bulkId"]: row for row in each(
        w, gone, post(w, "bo", **reports("ana")), failOnErrors=1)}
    same(outcomes["ana"]["status"], "400")
    lacks = outcomes["bo"]
    same((lacks["status"], lacks["response"]["status"]), ("409", "409"))
    true("ana" in lacks["response"]["detail"], lacks)
    true("manager" not in fine(w.scim.get("/Users/" + id_of(lacks))).get(
        ENTERPRISE, {}), "the manager who was not made")
    # What fails between them keeps nobody from their other half.
    outcomes = {row.get("bulkId"): row for row in each(
        w, post(w, "ana", **reports("bo")), bad,
        post(w, "bo", **reports("ana")), failOnErrors=1)}
    same(manager_of(w, outcomes["ana"]), id_of(outcomes["bo"]))
    same(manager_of(w, outcomes["bo"]), id_of(outcomes["ana"]))


@test
def what_one_gives_up_the_next_may_take(w):
    """As if the operations came one after the other."""
    for more in ({}, {"failOnErrors": 7}):
        users = [w.user() for _ in range(20)]
        names = [user["userName"] for user in users]
        gone = w.user(nickName="G")
        outcomes = each(w, *(patch("/Users/" + user["id"], op(
            "replace", "userName", name)) for user, name in zip(
                users, [w.name()] + names)), post(
                    w, "last", userName=names[-1]),
            {"method": "DELETE", "path": "/Users/" + gone["id"]}, post(
                w, "back", userName=gone["userName"]), **more)
        same(codes(outcomes), ["200"] * 20 + ["201", "204", "201"])
        same([w.show(user)["userName"] for user in users[1:]], names[:-1])
        made = fine(w.scim.get("/Users/" + id_of(outcomes[-1])))
        same((made["userName"], "nickName" in made), (gone["userName"], False))


@test
def what_is_removed_is_named_before_or_not_at_all(w):
    """Whoever is removed may be named by what comes before, and not after."""
    for _ in range(5):
        boss, other, late = w.user(), w.user(), w.user()
        made = fine(w.scim.post("/Groups", {
            "schemas": [GROUP], "displayName": w.name()}))
        order = [
            post(w, "ana", schemas=[USER, ENTERPRISE], **{
                ENTERPRISE: {"manager": {"value": boss["id"]}}}),
            patch("/Groups/" + made["id"], op("add", "members", [
                {"value": other["id"]}])),
            *({"method": "DELETE", "path": "/Users/" + gone["id"]}
              for gone in (boss, other, late)),
            post(w, "bo", schemas=[USER, ENTERPRISE], **{
                ENTERPRISE: {"manager": {"value": boss["id"]}}}),
            patch("/Groups/" + made["id"], op("add", "members", [
                {"value": late["id"]}]))]
        same(codes(each(w, *order)),
             ["201", "200", "204", "204", "204", "400", "400"])


@test
def what_is_taken_stays_taken(w):
    """However often it is tried, and whoever changes meanwhile."""
    made, other = w.user(), w.user()
    for more in ({}, {"failOnErrors": 2}):
        outcomes = each(w, *(patch("/Users/" + other["id"], op(
            "replace", "title", w.name())) for _ in range(5)), post(
                w, "a", userName=made["userName"]), post(w, "b"), post(
                    w, "c", userName=made["userName"]), post(w, "d"), **more)
        wanted = ["200"] * 5 + ["409", "201", "409", "201"]
        same(codes(outcomes), wanted[:-1] if more else wanted)


@test
def references_are_replaced(w):
    outcomes = each(w, post(w, "boss"), post(w, "ana", **reports("boss")))
    same(codes(outcomes), ["201", "201"])
    same(manager_of(w, outcomes[1]), id_of(outcomes[0]))


@test
def references_may_come_first(w):
    outcomes = each(w, post(w, "ana", **reports("boss")), post(w, "boss"))
    same(codes(outcomes), ["201", "201"])
    same(manager_of(w, outcomes[0]), id_of(outcomes[1]))


@test
def references_stand_in_paths(w):
    outcomes = each(w, post(w, "ana"), patch("/Users/bulkId:ana", op(
        "add", "nickName", "N")))
    same(codes(outcomes), ["201", "200"])
    same(fine(w.scim.get("/Users/" + id_of(outcomes[0])))["nickName"], "N")


@test
def circles_are_closed(w):
    outcomes = each(w, post(w, "ana", **reports("bo")),
                    post(w, "bo", **reports("ana")))
    same(codes(outcomes), ["201", "201"])
    same([manager_of(w, row) for row in outcomes],
         [id_of(outcomes[1]), id_of(outcomes[0])])


@test
def references_to_nothing_are_refused(w):
    outcomes = each(w, post(w, "ana", **reports("nobody")), post(w, "bo"))
    same(codes(outcomes), ["400", "201"])
    made = w.user()
    outcomes = each(w, post(w, "boss", userName=made["userName"]),
                    post(w, "ana", **reports("boss")))
    same(codes(outcomes), ["409", "409"])


@test
def a_post_has_a_bulk_id_of_its_own(w):
    outcomes = each(w, {"method": "POST", "path": "/Users",
                        "data": w.draft()})
    same(codes(outcomes), ["400"])
    outcomes = each(w, post(w, "same"), post(w, "same"))
    true("400" in codes(outcomes), codes(outcomes))


@test
def versions_are_heeded_in_bulk(w):
    made = w.user()
    path = "/Users/" + made["id"]
    outcomes = each(w, patch(path, op("add", "title", "x"), version='"0"'))
    same(codes(outcomes), ["412"])
    outcomes = each(w, patch(path, op("add", "title", "x"),
                             version=made["meta"]["version"]))
    same(codes(outcomes), ["200"])
    for version in 1, ["\"1\""], {}, True:
        outcomes = each(w, patch(path, op("add", "title", "y"),
                                 version=version))
        same(codes(outcomes), ["400"], version)
    same(w.show(made)["title"], "x")


@test
def wrong_operations_are_refused_alone(w):
    outcomes = each(w, {"method": "GET", "path": "/Users"},
                    {"method": "MOVE", "path": "/Users"},
                    {"path": "/Users"}, {"method": "POST", "bulkId": "p"},
                    {"method": "POST", "path": "/Users", "bulkId": "d"},
                    {"method": "POST", "path": "/Bulk", "bulkId": "b",
                     "data": {"schemas": [REQUEST], "Operations": []}},
                    post(w, "good"))
    same(codes(outcomes)[-1], "201")
    for row in outcomes[:-1]:
        true(row["status"][0] == "4", row)
        true(row["response"]["detail"], row)


@test
def a_bulk_has_announced_limits(w):
    told = limits(w)
    true(told["supported"] and told["maxOperations"] > 0
         and told["maxPayloadSize"] > 0, told)
    bad = {"method": "DELETE", "path": "/Users/x"}
    error = refused(bulk(w, *[bad] * (told["maxOperations"] + 1)), 413)
    true(str(told["maxOperations"]) in error["detail"].replace(
        ",", "").replace(".", "").replace("\u202f", ""), error)
    same(len(each(w, *[bad] * told["maxOperations"])), told["maxOperations"])


@test
def a_bulk_that_is_too_large_is_told_the_limit(w):
    told = limits(w)
    body = b'{"x":"' + b"x" * told["maxPayloadSize"] + b'"}'
    error = refused(w.scim.post("/Bulk", body), 413)
    true(str(told["maxPayloadSize"]) in error["detail"].replace(
        ",", "").replace(".", "").replace("\u202f", ""), error)


@test
def rights_are_each_operations(w):
    made = w.user()
    outcomes = each(w, post(w, "a"), {"method": "DELETE",
                                      "path": "/Users/" + made["id"]},
                    client=w.narrow)
    same(codes(outcomes), ["403", "403"])
    for client in (w.other, w.foreign):
        same(codes(each(w, {"method": "DELETE",
                            "path": "/Users/" + made["id"]}, client=client)),
             ["404"])
    fine(w.scim.get("/Users/" + made["id"]))


# --- 3.11 --------------------------------------------------------------------

def signed_in(w):
    """A person who activated their account, and their user."""
    api = w.acme.client()
    made = api.post("/api/v1/onboardings", {
        "person": {"userName": w.name()}, "activation": True},
        Idempotency_Key=w.name()).json
    reply = Client(w.server.address).post("/api/v1/activate", {
        "token": made["activation"], "password": "seven grey ducks swim"})
    true(reply.status < 300, reply)
    return (Scim(w, Client(w.server.address, reply.json["access_token"])),
            made["person"])


@test
def me_is_the_user_of_who_signed_in(w):
    client, person = signed_in(w)
    reply = status(client.get("/Me"), 200)
    same((reply.json["id"], reply.json["meta"]["resourceType"]),
         (person, "User"))
    same(reply.headers["location"], reply.json["meta"]["location"])
    true(reply.headers["location"].endswith("/Users/" + person),
         reply.headers)
    same(reply.headers["content-location"], reply.headers["location"])


@test
def me_may_be_changed_and_says_where(w):
    client, person = signed_in(w)
    reply = status(client.patch("/Me", op("add", "nickName", "N")), 200)
    same((reply.json["nickName"], reply.headers["location"].rpartition(
        "/")[2]), ("N", person))
    refused(client.patch("/Me", op("replace", "userName", "x")), 403)
    reply = client.get("/Me?attributes=nickName")
    same(set(fine(reply)), {"schemas", "id", "nickName"})


@test
def me_says_where_in_errors_too(w):
    client, person = signed_in(w)
    for code, reply in (
            (403, client.patch("/Me", op("replace", "userName", "x"))),
            (403, client.patch("/Me", op("replace", "active", False))),
            (400, client.patch("/Me", op("remove"))),
            (400, client.put("/Me", {"schemas": [USER]})),
            (400, client.put("/Me", b"{")),
            (400, client.get("/Me?attributes=a&excludedAttributes=b")),
            (412, client.patch("/Me", op("add", "nickName", "N"),
                               If_Match='"0"'))):
        refused(reply, code)
        true(reply.headers.get("location", "").endswith(
            BASE + "/Users/" + person), reply.headers)
    same(client.get("/Me", If_None_Match="*").headers["location"].rpartition(
        "/")[2], person)
    # Elsewhere nothing is told of where something is that was not made.
    for reply in (w.scim.get("/Me"), w.nobody.get("/Me"),
                  w.scim.put("/Users/x", w.draft())):
        true("location" not in reply.headers, reply.headers)


@test
def a_client_is_nobody(w):
    refused(w.scim.get("/Me"), 404)
    refused(w.nobody.get("/Me"), 401)


@test
def nobody_makes_or_removes_themselves(w):
    client, _person = signed_in(w)
    refused(client.delete("/Me"), 405)
    refused(client.post("/Me", w.draft()), 405)
