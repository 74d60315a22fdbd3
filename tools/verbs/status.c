// SPDX-License-Identifier: GPL-2.0-only
/* mapstack status. See verbs.h. */

#include <stdio.h>
#include <string.h>

#include "machine/files.h"
#include "report/json.h"
#include "machine/settings.h"
#include "machine/state.h"
#include "verbs/verbs.h"

/* All that there is to know. */
struct view {
	bool loaded;
	struct settings settings;
	struct counter_values counters;
	bool running; /* a run is going on */
	struct state state; /* of it, or of one that was killed; pid 0: none */
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

static void print_run(const struct view *view)
{
	const struct settings *settings = &view->state.settings;

	if (!view->state.pid)
		return;
	if (view->running) {
		printf("a run is going on: pid %d, %s\n", view->state.pid,
		       view->state.what);
		return;
	}
	printf("a run (pid %d: %s) was killed before it could put back: enabled %d, policy %s, scope %s\n"
	       "    what is above is what it left; 'mapstack off' puts these back, and so does the next run\n",
	       view->state.pid, view->state.what, settings->enabled,
	       settings->policy, settings->scope);
}

static void print_text(const struct view *view)
{
	int i;

	if (!view->loaded) {
		puts("the module is not loaded: MAP_STACK means nothing; 'mapstack on' loads and switches on, 'mapstack doctor' says why if it cannot");
		print_run(view);
		return;
	}
	printf("enabled  %d\npolicy   %s\nscope    %s\n",
	       view->settings.enabled, view->settings.policy,
	       view->settings.scope);
	for (i = 0; i < NR_COUNTER_NAMES; i++) {
		if (view->counters.value[i] < 0)
			printf("%-15s  unknown\n", counter_names[i]);
		else
			printf("%-15s  %lld\n", counter_names[i],
			       view->counters.value[i]);
	}
	print_run(view);
}

static void put_run(struct json *json, const struct view *view)
{
	json_open(json, "run", '{');
	json_string(json, "state",
		    !view->state.pid ? "none" :
		    view->running    ? "running" :
				       "killed");
	if (view->state.pid) {
		json_number(json, "pid", view->state.pid);
		json_string(json, "what", view->state.what);
		json_open(json, "put_back", '{');
		json_bool(json, "enabled", view->state.settings.enabled);
		json_string(json, "policy", view->state.settings.policy);
		json_string(json, "scope", view->state.settings.scope);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void print_json(const struct view *view)
{
	struct json json = { .file = stdout };

	json_open(&json, NULL, '{');
	json_number(&json, "version", 1);
	json_bool(&json, "loaded", view->loaded);
	if (view->loaded) {
		json_bool(&json, "enabled", view->settings.enabled);
		json_string(&json, "policy", view->settings.policy);
		json_string(&json, "scope", view->settings.scope);
		json_counters(&json, &view->counters);
	}
	put_run(&json, view);
	json_close(&json, '}');
}

static void print_prometheus(const struct view *view)
{
	printf("# TYPE mapstack_loaded gauge\nmapstack_loaded %d\n"
	       "# TYPE mapstack_run_killed gauge\nmapstack_run_killed %d\n",
	       view->loaded, view->state.pid && !view->running);
	if (!view->loaded)
		return;
	printf("# TYPE mapstack_enabled gauge\nmapstack_enabled %d\n"
	       "# TYPE mapstack_settings gauge\nmapstack_settings{policy=",
	       view->settings.enabled);
	prometheus_label(stdout, view->settings.policy);
	fputs(",scope=", stdout);
	prometheus_label(stdout, view->settings.scope);
	fputs("} 1\n", stdout);
	prometheus_counters(stdout, "mapstack", "counter", &view->counters);
}

int status(const struct options *options)
{
	static void (*const print[NR_FORMATS])(const struct view *view) = {
		[FORMAT_TEXT] = print_text,
		[FORMAT_JSON] = print_json,
		[FORMAT_PROMETHEUS] = print_prometheus,
	};
	struct view view = { 0 };

	if (take_view(&view))
		return STATUS_FAILED;
	print[options->format](&view);
	if (!view.loaded)
		return STATUS_NOT_LOADED;
	return view.settings.enabled ? STATUS_ON : STATUS_OFF;
}
