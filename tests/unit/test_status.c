/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a supervisor tells, and who believes it. */
#include "run/status.h"
#include "test.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "store/store.h"

static void names(void)
{
	check_text(status_state_name(STATUS_OFF), "off");
	check_text(status_state_name(STATUS_STARTING), "starting");
	check_text(status_state_name(STATUS_BOOTING), "booting");
	check_text(status_state_name(STATUS_UP), "up");
	check_text(status_state_name(STATUS_STOPPING), "stopping");
}

/* The lock counts, not the file: a supervisor that was killed leaves one. */
static void only_while_the_lock_is_held(void)
{
	struct status said = { .state = STATUS_UP,
			       .supervisor = 1234,
			       .engine_pid = 5678,
			       .engine = ENGINE_QEMU,
			       .since = 1795250000,
			       .began = 1795240000,
			       .boots = 3,
			       .starts = { 0, 10, 20, 30 } },
		      read;
	autofree char *dir = store_runtime_dir("pi");
	struct err err;
	int lock;

	check_eq(status_read("pi", &read, &err), 0);
	check_eq(read.state, STATUS_OFF);
	check(access(dir, F_OK) < 0); /* looking leaves no trace */
	lock = store_lock_running("pi", &err);
	check(lock >= 0);
	check_eq(store_lock_running("pi", &err), -EAGAIN);
	check_eq(status_read("pi", &read, &err), 0);
	check_eq(read.state, STATUS_STARTING); /* it has only just begun */

	*vec_add(&said.forwards) = (struct machine_forward){ 2222, 22 };
	*vec_add(&said.forwards) = (struct machine_forward){ 8080, 80 };
	check_eq(status_write("pi", &said, &err), 0);
	check_eq(status_read("pi", &read, &err), 0);
	check_eq(read.state, STATUS_UP);
	check_eq(read.supervisor, 1234);
	check_eq(read.engine_pid, 5678);
	check_eq(read.engine, ENGINE_QEMU);
	check_eq(read.since, 1795250000);
	check_eq(read.began, 1795240000);
	check_eq(read.boots, 3);
	check_eq(read.owner, geteuid());
	check_eq(read.starts[0], 0);
	check_eq(read.starts[1], 10);
	check_eq(read.starts[3], 30);
	check_eq(read.forwards.n, 2);
	check_eq(read.forwards.at[1].host, 8080);
	check_eq(read.forwards.at[1].guest, 80);
	status_free(&read);
	close(lock);
	check_eq(status_read("pi", &read, &err), 0);
	check_eq(read.state, STATUS_OFF);
	check_eq(read.forwards.n, 0);
	status_free(&said);
}

static void spoilt_files(void)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"7",
		"{\"state\": 5, \"supervisor\": \"x\", \"forwards\": 3}",
		"{\"state\": null, \"engine\": null, \"forwards\": [1, null]}",
		"{\"forwards\": {\"host\": 1}}",
	};
	autofree char *dir = store_runtime_dir("pi");
	autofree char *file = xasprintf("%s/status.json", dir);
	struct status read;
	struct err err;
	int lock = store_lock_running("pi", &err);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		check_eq(files_replace(file, texts[i], strlen(texts[i]), 0644,
				       &err),
			 0);
		check_eq(status_read("pi", &read, &err), 0);
		check_eq(read.state, STATUS_STARTING);
		status_free(&read);
	}
	close(lock);
}

int main(void)
{
	char dir[] = "/tmp/test-status-XXXXXX";
	struct err err;

	if (!mkdtemp(dir))
		return 1;
	setenv("PIMIGRATE_GUESTS", dir, 1);
	names();
	only_while_the_lock_is_held();
	spoilt_files();
	check_eq(files_remove_tree(dir, &err), 0);
	return test_done();
}
