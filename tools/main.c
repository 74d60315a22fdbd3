// SPDX-License-Identifier: GPL-2.0-only
/* The mapstack command: who uses MAP_STACK, how, and what comes of it. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/doctor.h"
#include "machine/files.h"
#include "report/report.h"
#include "verbs/run.h"
#include "verbs/status.h"

#define EXIT_USAGE 2
#define BUFFER_KIB 1024

static const char usage[] =
	"usage: mapstack status|doctor|report [--json|--prometheus]\n"
	"       mapstack on [--policy POLICY]\n"
	"       mapstack off\n"
	"       mapstack run [--policy POLICY] [--json|--prometheus] [--output FILE]\n"
	"                    [--backtrace] [--wait] [--quiet] [--buffer KIB]\n"
	"                    -- COMMAND [ARGUMENT...]\n"
	"       mapstack --help|--version\n"
	"POLICY is rfc, private, paired or observe. See mapstack(8).\n";

enum option_name {
	OPT_POLICY = 'p',
	OPT_JSON = 'j',
	OPT_PROMETHEUS = 'm',
	OPT_OUTPUT = 'o',
	OPT_BACKTRACE = 'b',
	OPT_WAIT = 'w',
	OPT_QUIET = 'q',
	OPT_BUFFER = 'B',
};

static const struct option long_options[] = {
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "backtrace", no_argument, NULL, OPT_BACKTRACE },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "buffer", required_argument, NULL, OPT_BUFFER },
	{ NULL, 0, NULL, 0 },
};

static int do_status(const struct run_options *options)
{
	return status(options->format);
}

static int do_doctor(const struct run_options *options)
{
	return doctor(options->format);
}

static int do_report(const struct run_options *options)
{
	return report_again(options->format);
}

static int do_on(const struct run_options *options)
{
	return turn_on(options->policy);
}

static int do_off(const struct run_options *options)
{
	(void)options;
	return turn_off();
}

static const struct verb {
	const char *name;
	int (*act)(const struct run_options *options);
	const char *takes; /* options, by their letters */
	bool command; /* takes one */
} verbs[] = {
	{ "status", do_status, "jm", false },
	{ "doctor", do_doctor, "jm", false },
	{ "report", do_report, "jm", false },
	{ "on", do_on, "p", false },
	{ "off", do_off, "", false },
	{ "run", run, "pjmobwqB", true },
};

static int wrong_use(const char *what, const char *word)
{
	say_err("%s%s; nothing was done", what, word);
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static const char *option_name(int letter)
{
	const struct option *option = long_options;

	while (option->val != letter)
		option++;
	return option->name;
}

/* A long option as it was written, of short ones the letter. */
static int wrong_option(const char *word)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	return wrong_use("not understood: ",
			 strncmp(word, "--", 2) ? letter : word);
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static bool is_policy(const char *word)
{
	return !strcmp(word, "rfc") || !strcmp(word, "private") ||
	       !strcmp(word, "paired") || !strcmp(word, "observe");
}

/* Returns 0, or the exit status after a complaint. */
static int take_option(struct run_options *options, int option)
{
	char *end;

	switch (option) {
	case OPT_POLICY:
		if (!is_policy(optarg))
			return wrong_use("there is no policy ", optarg);
		options->policy = optarg;
		break;
	case OPT_JSON:
		options->format = FORMAT_JSON;
		break;
	case OPT_PROMETHEUS:
		options->format = FORMAT_PROMETHEUS;
		break;
	case OPT_OUTPUT:
		options->output = optarg;
		break;
	case OPT_BACKTRACE:
		options->backtrace = true;
		break;
	case OPT_WAIT:
		options->wait = true;
		break;
	case OPT_QUIET:
		options->quiet = true;
		break;
	case OPT_BUFFER:
		options->kib = strtoul(optarg, &end, 10);
		if (*end || !options->kib || options->kib > 1 << 20)
			return wrong_use("not a size in KiB: ", optarg);
		break;
	}
	return 0;
}

static int parse(const struct verb *verb, struct run_options *options, int argc,
		 char **argv)
{
	int option, ret;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:p:jo:bwq", long_options,
				     NULL)) != -1) {
		if (option == '?')
			return wrong_option(argv[optind - 1]);
		if (option == ':')
			return wrong_use("a word is missing after ",
					 argv[optind - 1]);
		if (!strchr(verb->takes, option))
			return wrong_use("not an option here: --",
					 option_name(option));
		ret = take_option(options, option);
		if (ret)
			return ret;
	}
	if (verb->command && optind == argc)
		return wrong_use("there is no command to run", "");
	if (!verb->command && optind < argc)
		return wrong_use("not understood: ", argv[optind]);
	options->command = argv + optind;
	return 0;
}

int main(int argc, char **argv)
{
	struct run_options options = { .kib = BUFFER_KIB };
	const struct verb *verb;
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("mapstack " MAPSTACK_VERSION);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc < 2)
		return wrong_use("say what to do", "");
	verb = find_verb(argv[1]);
	if (!verb)
		return wrong_use("not understood: ", argv[1]);
	ret = parse(verb, &options, argc - 1, argv + 1);
	if (ret)
		return ret == EXIT_USAGE && verb->command ? EXIT_SELF : ret;
	return verb->act(&options);
}
