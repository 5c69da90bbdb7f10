/* SPDX-License-Identifier: Apache-2.0 */
/* import_test.c - a map is read, meets its file, and maps row by row. */
#include "attr_try.h"

#include "base/csv.h"
#include "base/yaml.h"

#include "core/import.h"

#define HEAD \
	"source: hr\n" \
	"format: { separator: \";\", encoding: utf-8, dates: dd.mm.yyyy }\n" \
	"ref: \"{Personalnummer|trim}\"\n" \
	"contract: \"{Vertragsnummer|trim}\"\n"
#define PERSON \
	"person:\n" \
	"  name.familyName: \"{Nachname|trim}\"\n" \
	"  name.givenName: \"{Vorname|trim}\"\n" \
	"  userName: \"{Vorname|first|ascii|lower}.{Nachname|ascii|lower}" \
	"{n}\"\n" \
	"  emails[work].value: \"{E-Mail|trim|lower}\"\n" \
	"  addresses[home].streetAddress: \"{Stra\u00dfe}\"\n"
#define CONTRACTS \
	"contracts:\n" \
	"  site: \"{Standort|trim}\"\n" \
	"  department: \"{Abteilung}\"\n" \
	"  organization: ACME\n" \
	"  manager: \"{Vorgesetzter|trim}\"\n" \
	"  start: \"{Eintritt|date}\"\n" \
	"  end: \"{Austritt|date}\"\n"
#define VALUES \
	"values:\n" \
	"  site: { \"Berlin HQ\": ber, \"M\u00fcnchen\": muc }\n" \
	"  department: { \"F&E\": Research }\n"
#define MAP HEAD PERSON CONTRACTS VALUES

#define COLUMNS \
	"Personalnummer;Nachname;Vorname;E-Mail;Stra\u00dfe;Standort;" \
	"Abteilung;Vorgesetzter;Vertragsnummer;Eintritt;Austritt\n"

static struct import_map *
map_of(const char *yaml)
{
	struct import_map *map = NULL;
	const struct js *js;

	if (yaml_parse(&cx, str_of(yaml), &js) != OK ||
	    import_map_decode(&cx, js, &map) != OK)
		wrong("%s: %s at %.*s", yaml, msg_name(cx.fault.msg),
		    STR_ARG(cx.fault.field));
	return map;
}

/* Reads TEXT: the header into MAP, then one row into ROW. */
static enum err
mapped(struct import_map *map, const char *text, struct import_row *row)
{
	struct csv *csv =
	    csv_open(import_map_separator(map), import_map_windows_1252(map));
	struct csv_record record;
	enum err err;

	csv_feed(csv, str_of(text), true);
	assert_true(csv_next(csv, &record));
	err = import_map_header(&cx, map, &record);
	if (err == OK && row != NULL) {
		assert_true(csv_next(csv, &record));
		err = import_row_map(&cx, map, &record, row);
	}
	csv_close(csv);
	return err;
}

static struct import_row
row_of(const char *yaml, const char *text)
{
	struct import_row row;

	if (mapped(map_of(yaml), text, &row) != OK)
		wrong("%s: %s at %.*s", text, msg_name(cx.fault.msg),
		    STR_ARG(cx.fault.field));
	return row;
}

static void
a_map_says_how_its_file_is_written(void **state)
{
	struct import_map *map = map_of(MAP), *plain;

	(void)state;
	assert_str(import_map_source(map), "hr");
	assert_int_equal(import_map_separator(map), ';');
	assert_false(import_map_windows_1252(map));
	plain = map_of("source: hr-2\nref: \"{a}\"\nperson: {}\n");
	assert_int_equal(import_map_separator(plain), 0);
	assert_false(import_map_windows_1252(plain));
	assert_true(import_map_windows_1252(
	    map_of("source: a\nref: \"{a}\"\n"
		   "person: {}\nformat: { encoding: Windows-1252 }\n")));
	assert_int_equal(import_map_separator(map_of(
			     "source: a\nref: \"{a}\""
			     "\nperson: {}\nformat: { separator: \"\\t\" }\n")),
	    '\t');
}

static void
a_row_becomes_a_person_and_a_contract(void **state)
{
	struct import_row row = row_of(MAP,
	    "\xef\xbb\xbf" COLUMNS
	    " 0017 ;M\u00fcller;\u00c4nne;Anna@X.ORG ;\"c/o Li\n  Weg 1\";"
	    "Berlin  hq;F&E;0001;V1;01.02.2026;31.12.2026\n");

	(void)state;
	assert_int_equal(row.line, 2);
	assert_str(row.ref, "0017");
	assert_str(row.contract, "V1");
	assert_str(doc_canonical(cx.arena, &row.person),
	    "{\"addresses\":[{\"streetAddress\":\"c/o Li Weg 1\",\"type\":"
	    "\"home\"}],\"displayName\":\"\u00c4nne M\u00fcller\",\"emails\":"
	    "[{\"primary\":true,\"type\":\"work\",\"value\":\"anna@x.org\"}],"
	    "\"name\":{\"familyName\":\"M\u00fcller\",\"formatted\":"
	    "\"\u00c4nne M\u00fcller\",\"givenName\":\"\u00c4nne\"}}");
	assert_str(doc_canonical(cx.arena, &row.org),
	    "{\"department\":\"Research\",\"end\":\"2026-12-31\",\"manager\":"
	    "\"0001\",\"organization\":\"ACME\",\"site\":\"ber\",\"start\":"
	    "\"2026-02-01\"}");
	assert_int_equal(row.nuser_name, 8);
	assert_str(row.user_name[0], "ae.mueller");
	assert_str(row.user_name[1], "ae.mueller2");
	assert_str(row.user_name[7], "ae.mueller8");
}

static void
columns_may_stand_in_any_order_and_more_of_them(void **state)
{
	struct import_row row = row_of("source: a\nref: \"{Nr}\"\nperson: "
				       "{ name.familyName: \"{ Name }\" }\n",
	    "x,NAME,y,nr\n1,Li,2,3\n");

	(void)state;
	assert_str(row.ref, "3");
	assert_str(doc_get(&row.person, A_FAMILY_NAME, 0), "Li");
	assert_str(row.contract, "");
	assert_int_equal(row.org.n, 0);
	assert_int_equal(row.nuser_name, 0);
}

static void
what_is_empty_is_absent(void **state)
{
	struct import_row row = row_of(MAP, COLUMNS "1;M;;;;;;;2;;\n");

	(void)state;
	assert_str(doc_canonical(cx.arena, &row.person),
	    "{\"displayName\":\"M\",\"name\":{\"familyName\":\"M\","
	    "\"formatted\":\"M\"}}");
	assert_str(
	    doc_canonical(cx.arena, &row.org), "{\"organization\":\"ACME\"}");
	assert_str(row.user_name[0], ".m");
}

static void
without_a_contract_key_the_start_is_the_key(void **state)
{
	struct import_row row = row_of(
	    "source: a\nref: \"{a}\"\nformat: "
	    "{ dates: d.m.yyyy }\nperson: { userName: \"{a}\" }\ncontracts: "
	    "{ start: \"{b|date}\" }\n",
	    "a,b\n1,1.2.2026\n");

	(void)state;
	assert_str(row.contract, "2026-02-01");
	assert_str(doc_get(&row.person, A_USER_NAME, 0), "1");
	assert_int_equal(row.nuser_name, 0);
}

static void
the_first_email_of_the_map_is_the_primary_one(void **state)
{
	struct import_row row =
	    row_of("source: a\nref: \"{a}\"\nperson:\n"
		   "  userName: \"{a}\"\n  emails[work].value: \"{b}\"\n"
		   "  emails[home].value: \"{c}\"\n",
		"a,b,c\n1,w@x,h@x\n");

	(void)state;
	assert_str(doc_get(&row.person, A_EMAIL_VALUE, 0), "w@x");
	assert_str(doc_get(&row.person, A_EMAIL_PRIMARY, 0), "true");
	row = row_of("source: a\nref: \"{a}\"\nperson:\n"
		     "  userName: \"{a}\"\n  emails[work].value: \"{b}\"\n"
		     "  emails[home].value: \"{c}\"\n"
		     "  emails[home].primary: \"true\"\n",
	    "a,b,c\n1,w@x,h@x\n");
	assert_str(doc_get(&row.person, A_EMAIL_PRIMARY, 0), "");
	assert_str(doc_get(&row.person, A_EMAIL_PRIMARY, 1), "true");
}

static void
user_names_alone_are_name_enough(void **state)
{
	struct import_row row = row_of("source: a\nref: \"{a}\"\nperson: "
				       "{ userName: \"{a}{n}\" }\n",
	    "a\nx\n");

	(void)state;
	assert_int_equal(row.person.n, 0);
	assert_int_equal(row.nuser_name, 8);
	assert_str(row.user_name[2], "x3");
}

static void
a_windows_file_is_read_as_one(void **state)
{
	struct import_row row = row_of(
	    "source: a\nformat: { encoding: "
	    "windows-1252 }\nref: \"{Stra\u00dfe}\"\nperson: { userName: "
	    "\"{Stra\u00dfe}\" }\n",
	    "Stra\xdf"
	    "e;b\n\xc4;\x80\n");

	(void)state;
	assert_str(row.ref, "\u00c4");
}

static const struct {
	const char *row, *column;
	enum msg    why;
} bad_rows[] = {
	{ ";M;A;;;;;;V;;", "Personalnummer", MSG_IMPORT_NO_KEY },
	{ "  ;M;A;;;;;;V;;", "Personalnummer", MSG_IMPORT_NO_KEY },
	{ "1;M;A;;;;;;;;", "Vertragsnummer", MSG_IMPORT_NO_KEY },
	{ "1\x01;M;A;;;;;;V;;", "Personalnummer", MSG_IMPORT_BAD_KEY },
	{ "1;M;A;;;;;;V\xe2\x80\xae;;", "Vertragsnummer",
	  MSG_IMPORT_BAD_KEY },
	{ "1;M\x01;A;;;;;;V;;", "Nachname", MSG_ATTR_CONTROL },
	{ "1;M;\x02;;;;;;V;;", "Vorname", MSG_ATTR_CONTROL },
	{ "1;M;A;a@b@c;;;;;V;;", "E-Mail", MSG_ATTR_EMAIL },
	{ "1;M;A;;;Atlantis;;;V;;", "Standort", MSG_IMPORT_VALUE },
	{ "1;M;A;;;;;;V;30.02.2026;", "Eintritt", MSG_DATE_FORM },
	{ "1;M;A;;;;;;V;;2026-01-01", "Austritt", MSG_DATE_FORM },
	{ "1;M;A;;;;x\x01;;V;;", "Abteilung", MSG_ATTR_CONTROL },
	{ "1;M;A;;;;;\x01;V;;", "Vorgesetzter", MSG_ATTR_CONTROL },
	{ "1;;;;;;;;V;;", "Vorname", MSG_DOC_NO_NAME },
	{ "1;M;A;;;;;;V;", "Austritt", MSG_CSV_FIELD_COUNT },
	{ "1;M;A;;;;;;V;;;", "", MSG_CSV_FIELD_COUNT },
	{ "1;M;A\xff;;;;;;V;;", "Vorname", MSG_CSV_ENCODING },
};

static void
a_row_that_does_not_fit_is_refused_by_its_column(void **state)
{
	struct import_row row;

	(void)state;
	for (size_t i = 0; i < COUNT(bad_rows); i++) {
		const char *text = str_z(cx.arena,
		    str_fmt(cx.arena, COLUMNS "%s\n", bad_rows[i].row));
		enum err err = mapped(map_of(MAP), text, &row);

		if (err == OK)
			wrong("taken: %s", bad_rows[i].row);
		assert_int_equal(cx.fault.msg, bad_rows[i].why);
		assert_str(cx.fault.field, bad_rows[i].column);
	}
}

static void
the_same_address_may_be_of_two_columns(void **state)
{
	struct import_row row;

	(void)state;
	assert_int_equal(
	    mapped(map_of("source: a\nref: \"{a}\"\nperson:\n"
			  "  userName: \"{a}\"\n  emails[work].value: \"{b}\"\n"
			  "  emails[home].value: \"{c}\"\n"),
		"a,b,c\n1,w@x,W@x\n", &row),
	    OK);
}

static void
what_no_column_fills_is_named_by_its_path(void **state)
{
	struct import_row row;

	(void)state;
	assert_refused(
	    mapped(
		map_of("source: a\nref: \"{a}\"\nperson:\n"
		       "  userName: \"{a}\"\n  emails[work].value: nobody\n"),
		"a\n1\n", &row),
	    ATTR_EMAIL, "emails[work].value");
	assert_refused(
	    mapped(map_of("source: a\nref: \"{a}\"\nperson:\n"
			  "  userName: \"{a}\"\ncontracts: { start: soon }\n"),
		"a\n1\n", &row),
	    ATTR_NOT_DATE, "start");
}

static void
a_site_is_known_by_its_name_here_too(void **state)
{
	struct import_row row = row_of(MAP, COLUMNS "1;M;A;;;muc;;;V;;\n");

	(void)state;
	assert_str(doc_get(&row.org, A_SITE, 0), "muc");
	/* Other values are renamed where they are known and stay elsewhere. */
	row = row_of(MAP, COLUMNS "1;M;A;;;;Einkauf;;V;;\n");
	assert_str(doc_get(&row.org, A_DEPARTMENT, 0), "Einkauf");
}

static const struct {
	const char *header, *column;
	enum msg    why;
} bad_headers[] = {
	{ "a,c\n", "b", MSG_IMPORT_NO_COLUMN },
	{ "a,b,c,B\n", "b", MSG_IMPORT_TWO_COLUMNS },
	{ "a,b,\xff\n", "", MSG_CSV_ENCODING },
};

static void
the_header_must_have_each_column_once(void **state)
{
	const char *map = "source: x\nref: \"{a}\"\nperson: { userName: "
			  "\"{b}\" }\n";

	(void)state;
	for (size_t i = 0; i < COUNT(bad_headers); i++)
		assert_refused_at(
		    mapped(map_of(map), bad_headers[i].header, NULL),
		    bad_headers[i].why, bad_headers[i].column, __FILE__,
		    __LINE__);
	/* Columns that nobody asks for may repeat. */
	assert_int_equal(mapped(map_of(map), "a,b,x,x,,\n", NULL), OK);
}

#define LEAST "source: hr\nref: \"{a}\"\n"

static const struct {
	const char *yaml, *field;
	enum msg    why;
} bad_maps[] = {
	{ "[]", "", MSG_ATTR_NOT_OBJECT },
	{ "ref: \"{a}\"\nperson: {}\n", "source", MSG_IMPORT_MISSING },
	{ "source: hr\nperson: {}\n", "ref", MSG_IMPORT_MISSING },
	{ LEAST, "person", MSG_IMPORT_MISSING },
	{ LEAST "person: {}\npersons: {}\n", "persons", MSG_IMPORT_KEY },
	{ LEAST "person: {}\nformat: { colour: red }\n", "colour",
	  MSG_IMPORT_KEY },
	{ LEAST "person: text\n", "person", MSG_ATTR_NOT_OBJECT },
	{ LEAST "person: {}\nformat: x\n", "format", MSG_ATTR_NOT_OBJECT },
	{ LEAST "person: {}\ncontracts: []\n", "contracts",
	  MSG_ATTR_NOT_OBJECT },
	{ LEAST "person: {}\nvalues: 1\n", "values", MSG_ATTR_NOT_OBJECT },
	{ "source: 17\nref: \"{a}\"\nperson: {}\n", "source",
	  MSG_ATTR_NOT_TEXT },
	{ "source: HR\nref: \"{a}\"\nperson: {}\n", "source",
	  MSG_IMPORT_SOURCE },
	{ "source: -hr\nref: \"{a}\"\nperson: {}\n", "source",
	  MSG_IMPORT_SOURCE },
	{ "source: \"\"\nref: \"{a}\"\nperson: {}\n", "source",
	  MSG_IMPORT_SOURCE },
	{ LEAST "person: {}\nformat: { separator: \";;\" }\n",
	  "format.separator", MSG_IMPORT_SEPARATOR },
	{ LEAST "person: {}\nformat: { separator: \"x\" }\n",
	  "format.separator", MSG_IMPORT_SEPARATOR },
	{ LEAST "person: {}\nformat: { encoding: latin-9 }\n",
	  "format.encoding", MSG_IMPORT_ENCODING },
	{ LEAST "person: {}\nformat: { dates: dd-mm-yyyy }\n",
	  "format.dates", MSG_IMPORT_DATES },
	{ "source: hr\nref: \"always\"\nperson: {}\n", "ref",
	  MSG_IMPORT_REF_FIXED },
	{ "source: hr\nref: \"{a|frob}\"\nperson: {}\n", "ref",
	  MSG_TEMPLATE_FILTER },
	{ "source: hr\nref: \"{a}{n}\"\nperson: {}\n", "ref",
	  MSG_IMPORT_NUMBER },
	{ LEAST "person: {}\ncontract: \"{a\"\n", "contract",
	  MSG_TEMPLATE_BRACE },
	{ LEAST "person: { frobnicate: \"{a}\" }\n", "person.frobnicate",
	  MSG_ATTR_UNKNOWN },
	{ LEAST "person: { emails.value: \"{a}\" }\n", "person.emails.value",
	  MSG_ATTR_NEEDS_TYPE },
	{ LEAST "person: { site: \"{a}\" }\n", "person.site",
	  MSG_IMPORT_NOT_PERSON },
	{ LEAST "person: { userName: 17 }\n", "person.userName",
	  MSG_ATTR_NOT_TEXT },
	{ LEAST "person: { userName: \"{a}{n}{n}\" }\n", "person.userName",
	  MSG_TEMPLATE_NUMBER },
	{ LEAST "person: { nickName: \"{a}{n}\" }\n", "person.nickName",
	  MSG_IMPORT_NUMBER },
	{ LEAST "person: {}\ncontracts: { userName: \"{a}\" }\n",
	  "contracts.userName", MSG_IMPORT_NOT_CONTRACT },
	{ LEAST "person: {}\ncontracts: { lifecycle: \"{a}\" }\n",
	  "contracts.lifecycle", MSG_IMPORT_NOT_CONTRACT },
	{ LEAST "person: {}\ncontracts: { active: \"{a}\" }\n",
	  "contracts.active", MSG_IMPORT_NOT_CONTRACT },
	{ LEAST "person: {}\ncontracts: { frob: \"{a}\" }\n",
	  "contracts.frob", MSG_IMPORT_NOT_CONTRACT },
	{ LEAST "person: {}\ncontracts: { site: {} }\n", "contracts.site",
	  MSG_ATTR_NOT_TEXT },
	{ LEAST "person: {}\ncontracts: { start: \"{a|date:x}\" }\n",
	  "contracts.start", MSG_TEMPLATE_ARGUMENT },
	{ LEAST "person: {}\nvalues: { userName: { a: b } }\n",
	  "values.userName", MSG_IMPORT_NOT_CONTRACT },
	{ LEAST "person: {}\nvalues: { start: { a: b } }\n", "values.start",
	  MSG_IMPORT_NOT_CONTRACT },
	{ LEAST "person: {}\nvalues: { site: ber }\n", "values.site",
	  MSG_ATTR_NOT_OBJECT },
	{ LEAST "person: {}\nvalues: { site: { Berlin: 1 } }\n", "Berlin",
	  MSG_ATTR_NOT_TEXT },
	{ LEAST "person: {}\nvalues: { site: { Berlin: a, BERLIN: b } }\n",
	  "berlin", MSG_ATTR_TWICE },
};

static void
what_is_no_map_is_refused_by_its_key(void **state)
{
	struct import_map *map;
	const struct js *js;

	(void)state;
	for (size_t i = 0; i < COUNT(bad_maps); i++) {
		struct str field;

		if (yaml_parse(&cx, str_of(bad_maps[i].yaml), &js) != OK)
			wrong("no YAML: %s", bad_maps[i].yaml);
		if (import_map_decode(&cx, js, &map) == OK)
			wrong("taken: %s", bad_maps[i].yaml);
		field = cx.fault.field;
		assert_str(str_cut(&field, ' '), bad_maps[i].field);
		if (cx.fault.msg != bad_maps[i].why)
			wrong(
			    "%s: %s", bad_maps[i].yaml, msg_name(cx.fault.msg));
	}
}

static void
errors_name_the_line_where_there_is_one(void **state)
{
	struct import_map *map;
	const struct js *js;

	(void)state;
	assert_int_equal(
	    yaml_parse(&cx,
		STR(LEAST "person:\n"
			  "  userName: \"{a}\"\n  frob: \"{a}\"\n"),
		&js),
	    OK);
	assert_refused(import_map_decode(&cx, js, &map), ATTR_UNKNOWN,
	    "person.frob (line 5)");
	assert_refused(
	    import_map_decode(&cx,
		json("{\"source\":\"hr\","
		     "\"ref\":\"{a}\",\"person\":{\"frob\":\"{a}\"}}"),
		&map),
	    ATTR_UNKNOWN, "person.frob");
}

static void
a_map_may_name_as_many_columns_as_a_file_may_have(void **state)
{
	struct str text = STR("");
	struct import_map *map;
	const struct js *js;

	(void)state;
	for (int i = 0; i < 257; i++) {
		const char *yaml;

		text = str_fmt(cx.arena, "%.*s  emails[t%d].value: \"{c%d}\"\n",
		    STR_ARG(text), i, i);
		if (i < 254)
			continue;
		yaml = str_z(cx.arena,
		    str_fmt(cx.arena, LEAST "person:\n%.*s", STR_ARG(text)));
		assert_int_equal(yaml_parse(&cx, str_of(yaml), &js), OK);
		if (i == 254)
			assert_int_equal(import_map_decode(&cx, js, &map), OK);
		else
			assert_refused(import_map_decode(&cx, js, &map),
			    TEMPLATE_NAME,
			    "person.emails[t255].value "
			    "(line 259)");
	}
}

static void
two_maps_are_the_same_when_they_say_the_same(void **state)
{
	struct str one = import_map_canonical(map_of(MAP));
	struct str spaced = import_map_canonical(map_of("# HR\n" MAP "\n"));
	static const char *const others[] = {
		"source: hr2\nref: \"{a}\"\nperson: { userName: \"{b}\" }\n",
		"source: hr\nref: \"{a|trim}\"\nperson: { userName: \"{b}\" }",
		"source: hr\nref: \"{a}\"\nperson: { userName: \"{c}\" }\n",
		"source: hr\nref: \"{a}\"\nperson: { nickName: \"{b}\" }\n",
		"source: hr\nref: \"{a}\"\nperson: { userName: \"{b}\" }\nvalues: { site: { a: b } }\n",
	};
	struct str base = import_map_canonical(
	    map_of("source: hr\nref: "
		   "\"{a}\"\nperson: { userName: \"{b}\" }\n"));

	(void)state;
	assert_true(one.n > 0);
	assert_true(str_eq(one, spaced));
	assert_str(base,
	    "{\"source\":\"hr\",\"ref\":\"{a}\",\"person\":"
	    "{\"userName\":\"{b}\"}}");
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(
		    str_eq(base, import_map_canonical(map_of(others[i]))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_says_how_its_file_is_written),
		cmocka_unit_test(a_row_becomes_a_person_and_a_contract),
		cmocka_unit_test(
		    columns_may_stand_in_any_order_and_more_of_them),
		cmocka_unit_test(what_is_empty_is_absent),
		cmocka_unit_test(without_a_contract_key_the_start_is_the_key),
		cmocka_unit_test(the_first_email_of_the_map_is_the_primary_one),
		cmocka_unit_test(user_names_alone_are_name_enough),
		cmocka_unit_test(a_windows_file_is_read_as_one),
		cmocka_unit_test(
		    a_row_that_does_not_fit_is_refused_by_its_column),
		cmocka_unit_test(the_same_address_may_be_of_two_columns),
		cmocka_unit_test(what_no_column_fills_is_named_by_its_path),
		cmocka_unit_test(a_site_is_known_by_its_name_here_too),
		cmocka_unit_test(the_header_must_have_each_column_once),
		cmocka_unit_test(what_is_no_map_is_refused_by_its_key),
		cmocka_unit_test(errors_name_the_line_where_there_is_one),
		cmocka_unit_test(
		    a_map_may_name_as_many_columns_as_a_file_may_have),
		cmocka_unit_test(two_maps_are_the_same_when_they_say_the_same),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
