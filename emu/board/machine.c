/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's states and what moves it from one to the next.  All of this
 * happens in the loop's thread; a vCPU that wants the machine off or reset
 * leaves a note and stands still.
 */
#include "board/machine.h"

#include "board/board.h"
#include "common/log.h"

enum {
	KEY_DOWN_NS = 100000000, /* longer than gpio-keys debounces */
};

static const char *const state_names[] = {
	[RUN_PRELAUNCH] = "prelaunch", [RUN_RUNNING] = "running",
	[RUN_PAUSED] = "paused",       [RUN_IO_ERROR] = "io-error",
	[RUN_SHUTDOWN] = "shutdown",
};

static const char *const cause_names[] = {
	[CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
	[CAUSE_GUEST_RESET] = "guest-reset",
	[CAUSE_HOST_SIGNAL] = "host-signal",
	[CAUSE_HOST_QMP_QUIT] = "host-qmp-quit",
	[CAUSE_HOST_QMP_RESET] = "host-qmp-system-reset",
	[CAUSE_HOST_UI] = "host-ui",
	[CAUSE_HOST_ERROR] = "host-error",
};

const char *run_state_name(enum run_state state)
{
	return state_names[state];
}

const char *shutdown_cause_name(enum shutdown_cause cause)
{
	return cause_names[cause];
}

void machine_emit(struct machine *m, enum machine_event event, int data)
{
	struct machine_listener *l, *next;

	for (l = m->listeners; l; l = next) {
		next = l->next;
		l->event(l->arg, event, data);
	}
}

/* Off.  The process stays with -no-shutdown, unless the host wants it gone. */
static void shut_down(struct machine *m, enum shutdown_cause cause, bool keep)
{
	bool ran = m->state == RUN_RUNNING;

	vcpus_pause(&m->vcpus);
	m->state = RUN_SHUTDOWN;
	machine_emit(m, EVENT_SHUTDOWN, (int)cause);
	if (ran && keep)
		machine_emit(m, EVENT_STOP, 0);
	if (!keep)
		loop_quit(m->loop, cause == CAUSE_HOST_ERROR);
}

static void guest_asked(void *arg)
{
	struct machine *m = arg;

	if (atomic_load(&m->asked) == CPU_EXIT_RESET)
		machine_reset(m, CAUSE_GUEST_RESET);
	else if (atomic_load(&m->asked) == CPU_EXIT_DIFFERENT)
		shut_down(m, CAUSE_HOST_ERROR, false);
	else
		shut_down(m, CAUSE_GUEST_SHUTDOWN, m->config.no_shutdown);
}

void machine_asked(void *arg, enum cpu_exit what)
{
	struct machine *m = arg;

	atomic_store(&m->asked, what);
	loop_call_post(&m->asked_call);
}

/* While the guest stands still the key stays down: it would find it released
 * when it goes on. */
static void release_key(void *arg)
{
	struct machine *m = arg;

	if (m->state != RUN_RUNNING)
		return;
	m->key_down = false;
	virt_power_key(m, false);
}

static void release_key_soon(struct machine *m)
{
	loop_timer_arm(&m->key_release, loop_now() + KEY_DOWN_NS);
}

void machine_init(struct machine *m)
{
	m->state = RUN_PRELAUNCH;
	loop_call_init(m->loop, &m->asked_call, guest_asked, m);
	loop_timer_init(m->loop, &m->key_release, release_key, m);
}

enum run_state machine_state(const struct machine *m)
{
	return m->state;
}

bool machine_is_idle(const struct machine *m)
{
	return m->config.idle;
}

void machine_start(struct machine *m)
{
	if (m->state == RUN_RUNNING || m->state == RUN_SHUTDOWN ||
	    m->config.idle)
		return;
	m->state = RUN_RUNNING;
	if (m->key_down)
		release_key_soon(m);
	machine_emit(m, EVENT_RESUME, 0);
	vcpus_go(&m->vcpus);
}

static void stand_still(struct machine *m, enum run_state state)
{
	if (m->state != RUN_RUNNING)
		return;
	vcpus_pause(&m->vcpus);
	m->state = state;
	machine_emit(m, EVENT_STOP, 0);
}

void machine_pause(struct machine *m)
{
	stand_still(m, RUN_PAUSED);
}

void machine_io_error(struct machine *m)
{
	stand_still(m, RUN_IO_ERROR);
}

/* A machine that was off is on again, but waits, as in QEMU. */
void machine_reset(struct machine *m, enum shutdown_cause cause)
{
	struct err err;

	if (m->config.no_reboot) {
		shut_down(m, cause, m->config.no_shutdown);
		return;
	}
	vcpus_pause(&m->vcpus);
	if (virt_reset(m, &err) < 0) {
		log_warn("cannot start the guest again: %s", err.text);
		shut_down(m, CAUSE_HOST_ERROR, false);
		return;
	}
	machine_emit(m, EVENT_RESET, (int)cause);
	if (m->state == RUN_SHUTDOWN)
		m->state = RUN_PAUSED;
	if (m->state == RUN_RUNNING)
		vcpus_go(&m->vcpus);
}

void machine_powerdown(struct machine *m)
{
	m->key_down = true;
	virt_power_key(m, true);
	release_key_soon(m);
	machine_emit(m, EVENT_POWERDOWN, 0);
}

void machine_quit(struct machine *m, enum shutdown_cause cause)
{
	shut_down(m, cause, false);
}

void machine_actions(const struct machine *m, bool *ret_no_reboot,
		     bool *ret_no_shutdown)
{
	*ret_no_reboot = m->config.no_reboot;
	*ret_no_shutdown = m->config.no_shutdown;
}

void machine_set_actions(struct machine *m, bool no_reboot, bool no_shutdown)
{
	m->config.no_reboot = no_reboot;
	m->config.no_shutdown = no_shutdown;
}

void machine_listen(struct machine *m, struct machine_listener *l)
{
	l->next = m->listeners;
	m->listeners = l;
}

unsigned int machine_cpus(const struct machine *m)
{
	return m->vcpus.n;
}

void machine_cpu_stats(const struct machine *m, unsigned int n,
		       struct machine_cpu_stats *ret)
{
	const struct vcpu *v = m->vcpus.vcpu[n];

	*ret = (struct machine_cpu_stats){
		.blocks = atomic_load_explicit(&v->cpu.blocks,
					       memory_order_relaxed),
		.thread_id = v->tid,
		.halted = vcpu_halted(v),
	};
}
