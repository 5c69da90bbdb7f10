/* SPDX-License-Identifier: Apache-2.0 */
/* texts_test.c - what a command says is there in four languages, and fits a terminal. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "usher/listing.h"

#define SUMMARY_COLUMNS 58	/* beside the command's name */

static const char *const locales[LANG_COUNT] = { "C.UTF-8", "de_DE.UTF-8",
	"fr_FR.UTF-8", "nl_NL.UTF-8" };

static struct arena *arena;
static struct ran r;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_open(64u << 20);
	return 0;
}

static int
clean(void **state)
{
	(void)state;
	arena_close(arena);
	run_folder_remove();
	return 0;
}

static void
speak(enum lang lang)
{
	run_folder();
	setenv("LC_ALL", locales[lang], 1);
}

static struct str
text(enum msg msg, enum lang lang)
{
	return msg_text(arena, msg, lang, NO_ARGS);
}

static struct str
paragraphs(enum msg msg, enum lang lang)
{
	return msg_remedy(arena, msg, lang, NO_ARGS);
}

static void
assert_own_words(enum msg msg, enum lang lang)
{
	if (str_eq(text(msg, lang), text(msg, LANG_EN)))
		print_error("%s in %s\n", msg_name(msg), lang_code(lang));
	assert_false(str_eq(text(msg, lang), text(msg, LANG_EN)));
}

static void
every_command_has_a_summary_and_paragraphs_in_each_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count(); i++)
		for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
			enum msg help = command_at(i)->help;
			struct str summary = text(help, l);

			assert_true(
			    str_starts(str_of(msg_name(help)), STR("HELP_")));
			if (text_width(summary) > SUMMARY_COLUMNS)
				print_error("%.*s\n", STR_ARG(summary));
			assert_in_range(
			    text_width(summary), 1, SUMMARY_COLUMNS);
			assert_false(str_ends(summary, STR(".")));
			assert_true(paragraphs(help, l).n > 0);
			if (l == LANG_EN)
				continue;
			assert_own_words(help, l);
			assert_false(str_eq(
			    paragraphs(help, l), paragraphs(help, LANG_EN)));
		}
}

static void
assert_option(const struct option *o)
{
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		assert_true(
		    str_starts(str_of(msg_name(o->help)), STR("FLAG_")));
		assert_true(text_width(text(o->help, l)) >= 4);
	}
}

static void
every_option_and_every_right_is_explained_in_each_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < global_option_count; i++)
		assert_option(&global_options[i]);
	for (size_t i = 0; i < command_count(); i++)
		for (size_t k = 0; k < command_at(i)->noption; k++)
			assert_option(&command_at(i)->option[k]);
	for (int right = RIGHT_PUBLIC + 1; right < RIGHT_COUNT; right++)
		for (enum lang l = LANG_EN + 1; l < LANG_COUNT; l++)
			assert_own_words(right_msg((enum right)right), l);
}

static bool
is_capitals(struct str s)
{
	while (s.n > 0) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate(
		    (const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &c);

		if (n <= 0 || utf8proc_toupper(c) != c)
			return false;
		s = str_sub(s, (size_t)n, s.n);
	}
	return true;
}

static void
every_heading_is_in_capitals_in_each_language(void **state)
{
	size_t n = 0;

	(void)state;
	for (enum msg m = MSG_NONE + 1; m < MSG_COUNT; m++) {
		if (!str_starts(str_of(msg_name(m)), STR("HEAD_")))
			continue;
		for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
			assert_true(text(m, l).n > 0);
			assert_true(is_capitals(text(m, l)));
		}
		n++;
	}
	assert_true(n > 40);
}

/* Examples may be as long as a command line is. */
static void
assert_fits(const char *out)
{
	struct str left = str_of(out);

	while (left.n > 0) {
		struct str line = str_cut(&left, '\n');

		if (text_width(line) > TEXT_COLUMNS)
			print_error("%.*s\n", STR_ARG(line));
		assert_true(text_width(line) <= TEXT_COLUMNS);
		assert_false(str_ends(line, STR(" ")));
	}
}

static void
help_is_in_the_readers_language_and_fits_a_terminal(void **state)
{
	static const char *const usage[LANG_COUNT] = { "usage: usher ",
		"Aufruf: usher ", "Utilisation\xc2\xa0: usher ",
		"Gebruik: usher " };

	(void)state;
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		RUN(&r, "--help");
		assert_int_equal(r.code, 0);
		HAS(r.out, usage[l]);
		assert_fits(r.out);
		for (size_t i = 0; i < command_count(); i++) {
			const struct command *c = command_at(i);

			if (c->verb != NULL)
				RUN(&r, c->noun, c->verb, "--help");
			else
				RUN(&r, c->noun, "--help");
			HAS(r.out, usage[l]);
			HAS(r.out, c->example);
			assert_fits(r.out);
		}
	}
}

/* --- reports --------------------------------------------------------------------- */

#define POOLS \
	"{\"items\":[{\"slug\":\"mail-ber\",\"product\":\"mail\"," \
	"\"site\":\"ber\",\"quota\":40,\"held\":1,\"assigned\":39,\"free\":0," \
	"\"reserve\":false,\"waiting\":7}]}"

static const char *const pools[LANG_COUNT] = {
	"POOL      PRODUCT  SITE  QUOTA  HELD  ASSIGNED  FREE  RESERVE  WAITING\n"
	"mail-ber  mail     ber      40     1        39     0  no             7\n",
	"POOL      PRODUKT  STANDORT  KONTING.  VORGEM.  VERGEBEN  FREI  RESERVE  WARTEN\n"
	"mail-ber  mail     ber             40        1        39     0  nein          7\n",
	"POOL      PRODUIT  SITE  QUOTA  R\xc3\x89SERV\xc3\x89" "ES  ATTRIB.  LIBRES  R\xc3\x89SERVE  ATTENTE\n"
	"mail-ber  mail     ber      40          1       39       0  non            7\n",
	"POOL      PRODUCT  VESTIGING  QUOTUM  VASTGEH.  TOEGEW.  VRIJ  RESERVE  WACHT\n"
	"mail-ber  mail     ber            40         1       39     0  nee          7\n",
};

static void
a_table_stands_straight_in_each_language(void **state)
{
	static const char *const replies[] = { POOLS, NULL };

	(void)state;
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		run_server(replies);
		RUN(&r, "pool", "list");
		run_server_end();
		assert_int_equal(r.code, 0);
		assert_string_equal(r.out, pools[l]);
		assert_fits(r.out);
	}
}

static void
json_is_the_same_in_each_language(void **state)
{
	static const char *const replies[] = { POOLS, NULL };

	(void)state;
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		run_server(replies);
		RUN(&r, "pool", "list", "--json");
		run_server_end();
		assert_string_equal(r.out, POOLS "\n");
		RUN(&r, "version", "--json");
		HAS(r.out, "{\"version\":\"");
	}
}

#define MAP "source: hr\nref: '{Nr}'\nperson: { userName: '{Name}' }\n"
#define SCANNED \
	"{\"rows\":1,\"persons\":1,\"added\":1,\"changed\":0," \
	"\"unchanged\":0,\"removed\":0,\"disabled\":0,\"rejected\":0," \
	"\"stopped\":false,\"digest\":\"00\"," \
	"\"seats\":{\"assigned\":2,\"queued\":1}}"

static const char *const reports[LANG_COUNT] = {
	"1 row, 1 person\n"
	"  added             1\n"
	"  changed           0\n"
	"  unchanged         0\n"
	"  removed           0\n"
	"  disabled          0\n"
	"  rejected          0\n"
	"  seats             2 assigned, 1 queued\n"
	"  took            0.",
	"1 Zeile, 1 Person\n"
	"  hinzugef\xc3\xbcgt         1\n"
	"  ge\xc3\xa4ndert            0\n"
	"  unver\xc3\xa4ndert         0\n"
	"  entfernt            0\n"
	"  deaktiviert         0\n"
	"  abgewiesen          0\n"
	"  Pl\xc3\xa4tze              2 vergeben, 1 in der Warteschlange\n"
	"  Dauer             0,",
	"1 ligne, 1 personne\n"
	"  ajout\xc3\xa9" "es            1\n"
	"  modifi\xc3\xa9" "es           0\n"
	"  inchang\xc3\xa9" "es          0\n"
	"  retir\xc3\xa9" "es            0\n"
	"  d\xc3\xa9sactiv\xc3\xa9" "es         0\n"
	"  rejet\xc3\xa9" "es            0\n"
	"  places              2 attribu\xc3\xa9" "es, 1 en liste d\xe2\x80\x99" "attente\n"
	"  dur\xc3\xa9" "e             0,",
	"1 regel, 1 persoon\n"
	"  toegevoegd            1\n"
	"  gewijzigd             0\n"
	"  ongewijzigd           0\n"
	"  verwijderd            0\n"
	"  uitgeschakeld         0\n"
	"  afgewezen             0\n"
	"  plaatsen              2 toegewezen, 1 op de wachtlijst\n"
	"  duur                0,",
};

static void
an_import_reports_in_each_language(void **state)
{
	static const char *const replies[] = { "201{\"id\":\"x\"}", SCANNED,
		SCANNED, NULL };
	static const char *const passes[LANG_COUNT] = { "checking 100 %\n",
		"prüfen 100 %\n", "vérification 100 %\n",
		"controleren 100 %\n" };

	(void)state;
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		run_server(replies);
		RUN(&r, "import", run_file("a.csv", "Nr;Name\n1;ana\n", 0600),
		    "--map", run_file("map.yaml", MAP, 0600));
		run_server_end();
		assert_int_equal(r.code, 0);
		HAS(r.out, reports[l]);
		HAS(r.err, passes[l]);
	}
}

static void
seats_are_counted_in_each_language(void **state)
{
	static const char *const replies[] = {
		"{\"whole\":true,\"persons\":1,\"seats\":2,\"waits\":0,"
		"\"pools\":1,\"entries\":5,\"faults\":[]}",
		NULL
	};
	static const char *const lines[LANG_COUNT] = {
		"1 person, 2 seats, 0 waits, 1 pool, 5 log entries\nAll of "
		"them fit.\n",
		"1 Person, 2 Pl\xc3\xa4tze, 0 Wartestellen, 1 Pool, 5 "
		"Protokolleintr\xc3\xa4ge\nAlles stimmt.\n",
		"1 personne, 2 places, 0 attente, 1 pool, 5 entr\xc3\xa9"
		"es du journal\nTout concorde.\n",
		"1 persoon, 2 plaatsen, 0 wachtenden, 1 pool, 5 "
		"logboekregels\nAlles klopt.\n",
	};

	(void)state;
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		run_server(replies);
		RUN(&r, "seat", "verify");
		run_server_end();
		assert_int_equal(r.code, 0);
		assert_string_equal(r.out, lines[l]);
	}
}

/* No server and no data: all it can say is said by the command itself. */
static void
the_doctor_speaks_to_people_and_names_things_to_programs(void **state)
{
	static const char *const silent[LANG_COUNT] = { "does not answer",
		"antwortet nicht", "ne r\xc3\xa9pond pas", "antwoordt niet" };

	(void)state;
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		RUN(&r, "doctor", "--quick", "--data", run_folder());
		HAS(r.out, silent[l]);
		RUN(&r, "doctor", "--quick", "--json", "--data", run_folder());
		HAS(r.out, "\"what\":\"free room\"");
		HAS(r.out, silent[LANG_EN]);
	}
}

static void
the_doctor_says_what_a_cluster_lacks_in_each_language(void **state)
{
	static const char *const lacks[][LANG_COUNT] = {
		{ "before a second host", "bevor ein zweiter Rechner",
		    "avant qu\xe2\x80\x99une deuxi", "voordat een tweede" },
		{ "an archive", "ein Archiv", "ni archive", "geen archief" },
		{ "has confirmed", "er best\xc3\xa4tigt hat", "a confirm",
		    "heeft bevestigd" },
	};
	char path[128];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/patroni.yml", run_folder());
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("loop_wait: 5\npostgresql:\n  parameters:\n"
	      "    synchronous_commit: local\n"
	      "    wal_level: minimal\n    fsync: off\n",
	    file);
	fclose(file);
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		RUN(&r, "doctor", "--quick", "--data", run_folder(),
		    "--patroni", path);
		for (size_t i = 0; i < COUNT(lacks); i++)
			HAS(r.out, lacks[i][l]);
	}
}

static void
what_the_system_says_is_told_in_each_language(void **state)
{
	static const char *const missing[LANG_COUNT] = {
		"/nowhere cannot be read: No such file or directory.",
		"/nowhere ist nicht lesbar: Datei oder Verzeichnis nicht "
		"gefunden.",
		"/nowhere n\xe2\x80\x99"
		"est pas lisible : fichier ou dossier introuvable.",
		"/nowhere kan niet worden gelezen: bestand of map bestaat "
		"niet.",
	};
	struct ctx cx = { .arena = arena };

	(void)state;
	for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
		speak(l);
		RUN(&r, "catalogue", "apply", "/nowhere");
		HAS(r.err, missing[l]);
	}
	for (int error = 1; error < 134; error++)
		assert_string_equal(errno_text(&cx, error), strerror(error));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_command_has_a_summary_and_paragraphs_in_each_language),
		cmocka_unit_test(
		    every_option_and_every_right_is_explained_in_each_language),
		cmocka_unit_test(every_heading_is_in_capitals_in_each_language),
		cmocka_unit_test(
		    help_is_in_the_readers_language_and_fits_a_terminal),
		cmocka_unit_test(a_table_stands_straight_in_each_language),
		cmocka_unit_test(json_is_the_same_in_each_language),
		cmocka_unit_test(an_import_reports_in_each_language),
		cmocka_unit_test(seats_are_counted_in_each_language),
		cmocka_unit_test(what_the_system_says_is_told_in_each_language),
		cmocka_unit_test(
		    the_doctor_speaks_to_people_and_names_things_to_programs),
		cmocka_unit_test(
		    the_doctor_says_what_a_cluster_lacks_in_each_language),
	};

	return cmocka_run_group_tests(tests, set_up, clean);
}
