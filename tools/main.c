// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mapstack command: who uses MAP_STACK, how, and with what effect.
 *
 * This file turns arguments into options, and calls a verb with them. The tables
 * `verbs` and `option_rows` have a row for each verb and option; help is made from
 * both.
 */

#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/files.h"
#include "verbs/verbs.h"

#define EXIT_USAGE 2
#define MAX_SECONDS 1000000000 /* 30 years */

static bool take_flag(void *field, const char *word)
{
	(void)word;
	*(bool *)field = true;
	return true;
}

static bool take_text(void *field, const char *word)
{
	*(const char **)field = word;
	return true;
}

static bool is_policy(const char *word)
{
	return !strcmp(word, "rfc") || !strcmp(word, "private") ||
	       !strcmp(word, "fitting") || !strcmp(word, "paired") ||
	       !strcmp(word, "observe");
}

static bool take_policy(void *field, const char *word)
{
	*(const char **)field = word;
	return is_policy(word);
}

/* "off" may be among the policies of try. None may be named twice. */
static bool take_policies(void *field, const char *word)
{
	char *copy = xcopy(word), *rest = copy, *one;
	bool ok = true, some = false;

	*(const char **)field = word;
	while (ok && (one = strsep(&rest, ","))) {
		some |= is_policy(one);
		ok = (is_policy(one) || !strcmp(one, "off")) &&
		     !(rest && strstr(rest, one));
	}
	free(copy);
	return ok && some;
}

static bool take_count(void *field, const char *word)
{
	char *end;
	long count = strtol(word, &end, 10);

	*(int *)field = count;
	return !*end && count > 0 && count <= 1000;
}

static bool take_ignore(void *field, const char *word)
{
	static regex_t regex;

	*(regex_t **)field = &regex;
	return !regcomp(&regex, word, REG_EXTENDED);
}

static bool take_fail_on(void *field, const char *word)
{
	return fail_on_parse(field, word);
}

static bool take_by(void *field, const char *word)
{
	*(const char **)field = word;
	return !strcmp(word, "unit") || !strcmp(word, "program") ||
	       !strcmp(word, "user") || !strcmp(word, "host");
}

/* Turns "90", "90s", "10m", "1h30m", "2d" into a finite number of seconds, not 0. */
static bool take_duration(void *field, const char *word)
{
	static const char units[] = "smhd";
	static const int seconds[] = { 1, 60, 3600, 86400 };
	long long sum = 0, number;
	const char *unit;
	char *end;

	do {
		if (!isdigit((unsigned char)*word))
			return false;
		number = strtoll(word, &end, 10);
		unit = *end ? strchr(units, *end) : units;
		if (!unit || number > MAX_SECONDS)
			return false;
		sum += number * seconds[unit - units];
		word = end + !!*end;
	} while (*word);
	*(long long *)field = sum;
	return sum > 0 && sum <= MAX_SECONDS;
}

static bool take_json(void *field, const char *word)
{
	(void)word;
	*(enum format *)field = FORMAT_JSON;
	return true;
}

static bool take_prometheus(void *field, const char *word)
{
	(void)word;
	*(enum format *)field = FORMAT_PROMETHEUS;
	return true;
}

/* A page is not for a terminal, so this option takes the name of a file. */
static bool take_html(void *field, const char *word)
{
	struct options *options = field;

	options->format = FORMAT_HTML;
	options->output = word;
	return true;
}

#define FIELD(name) offsetof(struct options, name)

static const struct option_row {
	int letter; /* above 255: it has none */
	const char *name;
	const char *argument; /* its name in help; NULL: there is none */
	size_t field; /* of struct options */
	bool (*take)(void *field, const char *word); /* false: not understood */
	const char *help;
} option_rows[] = {
	{ 'p', "policy", "POLICY", FIELD(policy), take_policy,
	  "rfc, private, fitting, paired or observe; default: unchanged, for watch observe" },
	{ 'j', "json", NULL, FIELD(format), take_json, "print JSON" },
	{ 'P', "prometheus", NULL, FIELD(format), take_prometheus,
	  "print metrics for Prometheus" },
	{ 'H', "html", "FILE", 0, take_html,
	  "write a page for a browser there" },
	{ 'o', "output", "FILE", FIELD(output), take_text,
	  "write the report there" },
	{ 'y', "by", "WHAT", FIELD(by), take_by,
	  "group programs by unit, program, user or host" },
	{ 'b', "backtrace", NULL, FIELD(backtrace), take_flag,
	  "say where refused calls were made" },
	{ 'w', "wait", NULL, FIELD(wait), take_flag,
	  "wait for all that the command started" },
	{ 'd', "detach", NULL, FIELD(detach), take_flag,
	  "the same, in the background once the command has ended" },
	{ 'n', "runs", "N", FIELD(runs), take_count,
	  "run it this many times under each policy; times are judged from 5 on" },
	{ 'l', "policies", "LIST", FIELD(policies), take_policies,
	  "try these besides off (default private,rfc)" },
	{ 'A', "no-aslr", NULL, FIELD(fixed), take_flag,
	  "do not randomize addresses" },
	{ 'i', "ignore", "REGEX", FIELD(ignore), take_ignore,
	  "remove matches from what the command prints" },
	{ 'k', "keep", "DIR", FIELD(keep), take_text,
	  "keep output and reports of all runs in this new directory" },
	{ 'f', "fail-on", "LIST", FIELD(fail_on), take_fail_on,
	  "exit with 1 on refused, denied, differs or slower=5%" },
	{ 'u', "user", "NAME", FIELD(user), take_text,
	  "run the command as this user, with its groups" },
	{ 'U', "unit", "NAME", FIELD(unit), take_text,
	  "follow a systemd unit" },
	{ 'c', "cgroup", "PATH", FIELD(cgroup), take_text,
	  "follow a cgroup, such as /system.slice" },
	{ 'T', "pid", "PID", FIELD(pid), take_text,
	  "follow a process and what it starts" },
	{ 'C', "container", "NAME", FIELD(container), take_text,
	  "follow a container of podman, docker or systemd-nspawn" },
	{ 'a', "all", NULL, FIELD(all), take_flag,
	  "follow the whole machine, as without any of these" },
	{ 'F', "for", "DURATION", FIELD(duration), take_duration,
	  "end after 90s, 10m, 8h, 2d; else at SIGINT or SIGTERM" },
	{ 'I', "interval", "DURATION", FIELD(interval), take_duration,
	  "rewrite the --output file this often" },
	{ 'q', "quiet", NULL, FIELD(quiet), take_flag,
	  "do not print progress" },
};

#define NR_OPTIONS ARRAY_SIZE(option_rows)

static const struct verb {
	const char *name;
	int (*act)(const struct options *options);
	const char *takes; /* options, by their letters */
	const char *operands; /* in help; NULL: there are none */
	bool changes; /* the module's settings */
	int failed; /* exit status if mapstack itself fails */
	const char *help;
} verbs[] = {
	{ "status", status, "jP", NULL, false, STATUS_FAILED,
	  "print settings and counters, and what a killed run left" },
	{ "doctor", doctor, "jP", NULL, false, 1,
	  "say what is wrong here, and what to do" },
	{ "selftest", self_test, "", NULL, true, EXIT_SELF,
	  "prove on this kernel that the module does what it says" },
	{ "on", turn_on, "p", NULL, true, 1,
	  "switch on, loading the module if need be" },
	{ "off", turn_off, "", NULL, true, 1,
	  "switch off, and put back what a killed run left" },
	{ "run", run, "pjPHobwduqf", "-- COMMAND [ARGUMENT...]", true,
	  EXIT_SELF,
	  "run a command with the module on for it alone, and report" },
	{ "try", try, "lnAifkjPHobwuq", "-- COMMAND [ARGUMENT...]", true,
	  EXIT_SELF, "run a command off, private and rfc: does it break?" },
	{ "watch", watch, "pUcTCaFIjPHobqf", NULL, true, EXIT_SELF,
	  "follow what already runs, changing nothing unless asked, and report" },
	{ "report", report, "jPHoy", "[FILE]", false, EXIT_SELF,
	  "print a report again, that of the last run without FILE" },
	{ "diff", diff, "jo", "BEFORE AFTER", false, EXIT_SELF,
	  "say what breaks or costs more in one report than in another" },
	{ "merge", merge, "jPHo", "FILE...", false, EXIT_SELF,
	  "make one report of those of many machines" },
};

static void print_verb_help(const struct verb *verb)
{
	const struct option_row *row;
	char name[32];

	printf("usage: mapstack %s%s%s%s\n%s\n", verb->name,
	       *verb->takes ? " [OPTION...]" : "", verb->operands ? " " : "",
	       verb->operands ?: "", verb->help);
	for (row = option_rows; row < option_rows + NR_OPTIONS; row++) {
		if (!strchr(verb->takes, row->letter))
			continue;
		snprintf(name, sizeof(name), "%s %s", row->name,
			 row->argument ?: "");
		printf("  -%c, --%-18s %s\n", row->letter, name, row->help);
	}
}

static void print_help(void)
{
	size_t i;

	puts("usage: mapstack VERB [OPTION...]");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-8s %s\n", verbs[i].name, verbs[i].help);
	puts("  help     print this, or what a verb takes: mapstack help run\n"
	     "  version  print the version\n"
	     "See mapstack(8).");
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int wrong_use(const struct verb *verb, const char *what,
		     const char *word)
{
	say_err("%s%s; nothing was done; 'mapstack %s%s' says what there is",
		what, word, verb ? verb->name : "help", verb ? " --help" : "");
	return verb && verb->failed == EXIT_SELF ? EXIT_SELF : EXIT_USAGE;
}

/* Names a long option as it was written, and a short one by its letter. */
static int wrong_option(const struct verb *verb, const char *word)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	return wrong_use(verb, "not understood: ",
			 strncmp(word, "--", 2) ? letter : word);
}

static int wrong_argument(const struct verb *verb, const char *option)
{
	char what[64];

	snprintf(what, sizeof(what), "--%s cannot be ", option);
	return wrong_use(verb, what, optarg);
}

/* The tables that getopt_long() needs for the options of a verb. */
struct getopt_words {
	struct option longs[NR_OPTIONS + 2];
	char shorts[3 * NR_OPTIONS + 3];
};

static void list_options(const struct verb *verb, struct getopt_words *words)
{
	const struct option_row *row;
	struct option *next = words->longs;
	/* The options of a command that is run are its own. */
	char *letter = stpcpy(words->shorts, verb->changes ? "+:h" : ":h");

	for (row = option_rows; row < option_rows + NR_OPTIONS; row++) {
		if (!strchr(verb->takes, row->letter))
			continue;
		*next++ = (struct option){ row->name, !!row->argument, NULL,
					   row->letter };
		letter += sprintf(letter, "%c%s", row->letter,
				  row->argument ? ":" : "");
	}
	*next++ = (struct option){ "help", no_argument, NULL, 'h' };
	*next = (struct option){ 0 };
}

/* Returns an exit status after a complaint or help, or -1. */
static int take_options(const struct verb *verb, struct options *options,
			int argc, char **argv)
{
	const struct option_row *row;
	struct getopt_words words;
	int letter;

	list_options(verb, &words);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, words.shorts, words.longs,
				     NULL)) != -1) {
		if (letter == 'h') {
			print_verb_help(verb);
			return 0;
		}
		if (letter == '?')
			return wrong_option(verb, argv[optind - 1]);
		if (letter == ':')
			return wrong_use(verb, "an argument is missing after ",
					 argv[optind - 1]);
		for (row = option_rows; row->letter != letter;)
			row++;
		if (!row->take((char *)options + row->field, optarg))
			return wrong_argument(verb, row->name);
	}
	options->command = argv + optind;
	if (verb->operands && *verb->operands != '[' && optind == argc)
		return wrong_use(verb,
				 "an argument is missing: ", verb->operands);
	if (!verb->operands && optind < argc)
		return wrong_use(verb, "not understood: ", argv[optind]);
	return -1;
}

/*
 * If a descriptor below 3 is not open, the next file would get its number. Put one
 * in its place on which reading and writing fail, too.
 */
static void open_missing(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

/* Whether the user may change settings, and whether they are this machine's. */
static bool may_change(const char *verb)
{
	if (!file_root_is_real()) {
		say_err("MAPSTACK_ROOT is set, so '%s' would change a copy; nothing was changed; unset it",
			verb);
		return false;
	}
	if (geteuid()) {
		say_err("%s needs root; nothing was changed; use sudo", verb);
		return false;
	}
	return true;
}

static int act(int argc, char **argv)
{
	struct options options = {};
	const struct verb *verb = find_verb(argv[0]);
	int ret;

	if (!verb)
		return wrong_use(NULL, "not understood: ", argv[0]);
	ret = take_options(verb, &options, argc, argv);
	if (ret >= 0)
		return ret;
	if (verb->changes && !may_change(verb->name))
		return verb->failed;
	return verb->act(&options);
}

static bool is_one_of(const char *word, const char *one, const char *other,
		      const char *third)
{
	return !strcmp(word, one) || !strcmp(word, other) ||
	       !strcmp(word, third);
}

int main(int argc, char **argv)
{
	char *const verb_help[] = { argc > 2 ? argv[2] : NULL, "--help", NULL };

	open_missing();
	if (argc < 2)
		return wrong_use(NULL, "say what to do", "");
	if (is_one_of(argv[1], "version", "--version", "-V")) {
		puts("mapstack " MAPSTACK_VERSION);
		return 0;
	}
	if (!is_one_of(argv[1], "help", "--help", "-h"))
		return act(argc - 1, argv + 1);
	if (argc > 2)
		return act(2, (char **)verb_help);
	print_help();
	return 0;
}
