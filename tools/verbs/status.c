// SPDX-License-Identifier: GPL-2.0-only
/* mapstack status. See verbs.h. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine/files.h"
#include "machine/settings.h"
#include "machine/state.h"
#include "report/document.h"
#include "report/text.h"
#include "verbs/verbs.h"

/* Everything that status shows. */
struct view {
	bool loaded;
	struct settings settings;
	struct counter_values counters;
	bool running; /* a run is going on */
	struct state state; /* of a run that goes on or was killed; pid 0: none */
};

static int take_view(struct view *view)
{
	int ret;

	view->loaded = module_is_loaded();
	state_read(&view->state);
	view->running = state_is_alive(&view->state);
	if (!view->loaded)
		return 0;
	ret = settings_read(&view->settings);
	if (!ret)
		ret = counters_read_all(&view->counters);
	if (ret)
		say_err("cannot read " SYSFS
			" (%s), so there is no status; try again, the module may be unloading",
			strerror(-ret));
	return ret;
}

static void print_run(const struct view *view, FILE *file)
{
	const struct settings *settings = &view->state.settings;

	if (!view->state.pid)
		return;
	if (view->running) {
		fprintf(file, "a run is going on: pid %d, ", view->state.pid);
		text_put(file, view->state.what);
		fputc('\n', file);
		return;
	}
	fprintf(file, "a run (pid %d: ", view->state.pid);
	text_put(file, view->state.what);
	fprintf(file,
		") was killed before it could put back: enabled %d, policy %s, scope ",
		settings->enabled, settings->policy);
	text_put(file, settings->scope);
	fputs("\n    what is above is what it left; 'mapstack off' puts these back, and so does the next run\n",
	      file);
}

static void print_text(const struct view *view, FILE *file)
{
	int i;

	if (!view->loaded) {
		fputs("the module is not loaded: MAP_STACK means nothing; 'mapstack on' loads and switches on, 'mapstack doctor' says why if it cannot\n",
		      file);
		print_run(view, file);
		return;
	}
	fprintf(file, "enabled  %d\npolicy   %s\nscope    ",
		view->settings.enabled, view->settings.policy);
	text_put(file, view->settings.scope);
	fputc('\n', file);
	for (i = 0; i < NR_COUNTER_NAMES; i++) {
		if (view->counters.value[i] < 0)
			fprintf(file, "%-15s  unknown\n", counter_names[i]);
		else
			fprintf(file, "%-15s  %lld\n", counter_names[i],
				view->counters.value[i]);
	}
	print_run(view, file);
}

static json_t *compose_run(const struct view *view)
{
	const struct settings *settings = &view->state.settings;

	if (!view->state.pid)
		return json_pack("{s:s}", "state", "none");
	return json_pack("{s:s, s:i, s:o, s:{s:b, s:s, s:o}}", "state",
			 view->running ? "running" : "killed", "pid",
			 view->state.pid, "command",
			 text_json(view->state.what), "put_back", "enabled",
			 settings->enabled, "policy", settings->policy, "scope",
			 text_json(settings->scope));
}

static void print_json(const struct view *view, FILE *file)
{
	const struct settings *settings = &view->settings;
	json_t *json, *more;

	json = json_pack("{s:i, s:b}", "version", 1, "loaded", view->loaded);
	if (view->loaded) {
		more = json_pack("{s:b, s:s, s:o, s:o}", "enabled",
				 settings->enabled, "policy", settings->policy,
				 "scope", text_json(settings->scope),
				 "counters",
				 document_counters(&view->counters));
		json_object_update(json, more);
		json_decref(more);
	}
	json_object_set_new(json, "run", compose_run(view));
	report_json(json, file);
	json_decref(json);
}

static void print_gauge(FILE *file, const char *name, const char *help,
			int value)
{
	prometheus_head(file, name, help);
	fprintf(file, "%s %d\n", name, value);
}

static void print_prometheus(const struct view *view, FILE *file)
{
	json_t *counters;

	print_gauge(file, "mapstack_loaded", "Whether the module is loaded.",
		    view->loaded);
	print_gauge(file, "mapstack_run_killed",
		    "Whether a run was killed and left its settings.",
		    view->state.pid && !view->running);
	if (!view->loaded)
		return;
	print_gauge(file, "mapstack_enabled",
		    "Whether the module is switched on.",
		    view->settings.enabled);
	prometheus_head(file, "mapstack_settings",
			"The settings in force; the value is always 1.");
	fputs("mapstack_settings{", file);
	prometheus_label(file, "policy", view->settings.policy);
	fputc(',', file);
	prometheus_label(file, "scope", view->settings.scope);
	fputs("} 1\n", file);
	counters = document_counters(&view->counters);
	prometheus_counters(file, "mapstack_", counters, sysconf(_SC_PAGESIZE));
	json_decref(counters);
}

int status(const struct options *options)
{
	static void (*const print[NR_FORMATS])(const struct view *view,
					       FILE *file) = {
		[FORMAT_TEXT] = print_text,
		[FORMAT_JSON] = print_json,
		[FORMAT_PROMETHEUS] = print_prometheus,
	};
	struct view view = { 0 };
	struct output output;

	if (output_open(&output, NULL, false))
		return EXIT_SELF;
	if (take_view(&view)) {
		output_abandon(&output);
		return STATUS_FAILED;
	}
	print[options->format](&view, output.file);
	if (output_commit(&output))
		return EXIT_SELF;
	if (!view.loaded)
		return STATUS_NOT_LOADED;
	return view.settings.enabled ? STATUS_ON : STATUS_OFF;
}
