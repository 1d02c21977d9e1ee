/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standing still.  A thread that is out of the guest waits on 'changed' until
 * it may run: while stop is set, while its CPU is off.  vcpus_pause() sets
 * stop, asks each CPU to look up, and waits until all are counted as standing.
 *
 * WFI.  The thread sleeps on its futex word 'asleep': it sets it to 1, looks
 * for a reason to stay awake, and sleeps as long as it is 1.  Who has a reason
 * publishes it (a line, a bit of attention), then clears the word and wakes.
 *
 * Timers.  The guest's next deadline is met by a POSIX timer of the host that
 * sends this thread a signal; the handler sets ATT_TIMER and clears 'asleep',
 * so the same thing wakes a running and a sleeping CPU.  A deadline that moves
 * later leaves the timer as it is: it fires too early, is found not to be due,
 * and is set again.  So a guest that reprograms its timer for each tick costs
 * one system call for each tick, not for each write.  Only who goes to sleep
 * sets it later, or an idle guest, which stops its tick then, would be woken
 * twice.
 *
 * The signal may hit the thread anywhere, in a device too: the handler only
 * touches atomic words.
 */
#include "board/vcpu.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arm/gtimer.h"
#include "arm/psci.h"
#include "arm/sync.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "jit/jit.h"

/* <signal.h> of glibc 2.36 does not name the member yet. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define TIMER_SIGNAL SIGRTMIN

enum {
	LATER = 10000000, /* ns that a deadline must have moved by */
};

/* What a thread knows of itself: the GIC's registers are banked by it. */
static _Thread_local unsigned int current;

unsigned int vcpu_current(void)
{
	return current;
}

static uint64_t host_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t vcpus_clock(const struct vcpus *all)
{
	if (atomic_load(&all->clock_stopped))
		return atomic_load(&all->clock_frozen);
	return host_clock() - atomic_load(&all->clock_offset);
}

static void stop_clock(struct vcpus *all)
{
	atomic_store(&all->clock_frozen, vcpus_clock(all));
	atomic_store(&all->clock_stopped, true);
}

static void start_clock(struct vcpus *all)
{
	if (!atomic_load(&all->clock_stopped))
		return;
	atomic_store(&all->clock_offset,
		     host_clock() - atomic_load(&all->clock_frozen));
	atomic_store(&all->clock_stopped, false);
}

static void wake(struct vcpu *v)
{
	if (atomic_exchange(&v->asleep, 0))
		syscall(SYS_futex, &v->asleep, FUTEX_WAKE_PRIVATE, 1, NULL,
			NULL, 0);
}

static void kick(struct cpu *cpu)
{
	struct vcpu *v = cpu->board;

	if (atomic_load(&v->asleep))
		wake(v);
}

/* In the vCPU's thread. */
static void timer_fired(int sig, siginfo_t *info, void *context)
{
	struct vcpu *v = info->si_value.sival_ptr;

	(void)sig;
	(void)context;
	atomic_store(&v->armed, UINT64_MAX);
	atomic_fetch_or(&v->cpu.attention, ATT_TIMER);
	atomic_store(&v->asleep, 0);
}

/* 'armed' is stored first: should the timer's last signal come in between,
 * it is taken for not set, and set once too often. */
static void arm(struct vcpu *v, uint64_t at)
{
	struct itimerspec its = { 0 };

	atomic_store(&v->armed, at);
	its.it_value.tv_sec = (time_t)(at / 1000000000);
	its.it_value.tv_nsec = (long)(at % 1000000000);
	timer_settime(v->timer, TIMER_ABSTIME, &its, NULL);
}

static void timer_rearm(struct cpu *cpu, uint64_t deadline)
{
	struct vcpu *v = cpu->board;

	if (!v || !v->tid) /* being made */
		return;
	v->deadline = UINT64_MAX;
	if (deadline > INT64_MAX) /* in 292 years is never: no overflow */
		return;
	v->deadline = deadline + atomic_load(&v->all->clock_offset);
	if (v->deadline < atomic_load(&v->armed))
		arm(v, v->deadline);
}

/* Not for a short sleep, as between two packets: the guest sets its tick again
 * as soon as it wakes. */
static void let_sleep(struct vcpu *v)
{
	uint64_t armed = atomic_load(&v->armed);

	if (v->deadline <= INT64_MAX && armed <= INT64_MAX &&
	    v->deadline > armed + LATER)
		arm(v, v->deadline);
}

static int cpu_on(struct cpu *target, uint32_t entry, uint32_t context)
{
	struct vcpu *v = target->board;

	with_lock(&v->all->lock);
	if (atomic_load(&target->powered))
		return v->starting ? PSCI_ON_PENDING : PSCI_ALREADY_ON;
	v->starting = true;
	v->entry = entry;
	v->context = context;
	atomic_store(&target->powered, true);
	pthread_cond_broadcast(&v->all->changed);
	return PSCI_SUCCESS;
}

/* Until this CPU may run; false: until the thread must end. */
static bool stand(struct vcpu *v)
{
	struct vcpus *all = v->all;
	uint32_t entry, context;
	bool starting;

	pthread_mutex_lock(&all->lock);
	all->standing++;
	pthread_cond_broadcast(&all->changed);
	while (!all->quit && (all->stop || !atomic_load(&v->cpu.powered)))
		pthread_cond_wait(&all->changed, &all->lock);
	if (all->quit) {
		pthread_mutex_unlock(&all->lock);
		return false;
	}
	all->standing--;
	/* the clock may have stood still */
	atomic_fetch_and(&v->cpu.attention, ~(uint32_t)ATT_STOP);
	atomic_fetch_or(&v->cpu.attention, ATT_TIMER);
	starting = v->starting;
	entry = v->entry;
	context = v->context;
	v->starting = false;
	pthread_mutex_unlock(&all->lock);
	if (starting)
		psci_enter(&v->cpu, entry, context);
	return true;
}

/* Also if it was switched off and on again before it came here. */
static bool must_stand(struct vcpu *v)
{
	with_lock(&v->all->lock);
	return v->all->stop || v->all->quit || v->starting ||
	       !atomic_load(&v->cpu.powered);
}

/* Lines count even while CPSR masks them. */
static bool has_reason(const struct vcpu *v)
{
	return atomic_load(&v->cpu.lines) ||
	       atomic_load(&v->cpu.attention) & (ATT_STOP | ATT_TIMER);
}

static void wait_for_interrupt(struct vcpu *v)
{
	for (;;) {
		/* A signal that came too early is dealt with here. */
		atomic_fetch_and(&v->cpu.attention, ~(uint32_t)ATT_TIMER);
		gtimer_expire(&v->cpu);
		let_sleep(v);
		atomic_store(&v->asleep, 1);
		if (!has_reason(v))
			syscall(SYS_futex, &v->asleep, FUTEX_WAIT_PRIVATE, 1,
				NULL, NULL, 0);
		atomic_store(&v->asleep, 0);
		if (atomic_load(&v->cpu.lines) ||
		    atomic_load(&v->cpu.attention) & ATT_STOP)
			return;
	}
}

/* The guest asked for the end of it all: all stop until the loop has dealt
 * with it. */
static void ask(struct vcpu *v, enum cpu_exit what)
{
	pthread_mutex_lock(&v->all->lock);
	v->all->stop = true;
	pthread_mutex_unlock(&v->all->lock);
	v->all->asked(v->all->arg, what);
}

static void run(struct vcpu *v)
{
	enum cpu_exit exit = jit_run(&v->cpu);

	switch (exit) {
	case CPU_EXIT_STOP:
		break;
	case CPU_EXIT_WFI:
		wait_for_interrupt(v);
		break;
	case CPU_EXIT_OFF:
		pthread_mutex_lock(&v->all->lock);
		atomic_store(&v->cpu.powered, false);
		pthread_mutex_unlock(&v->all->lock);
		break;
	case CPU_EXIT_POWER_OFF:
	case CPU_EXIT_RESET:
	case CPU_EXIT_DIFFERENT:
		ask(v, exit);
		break;
	}
}

static int make_timer(struct vcpu *v)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID,
			       .sigev_signo = TIMER_SIGNAL,
			       .sigev_value.sival_ptr = v };

	ev.sigev_notify_thread_id = v->tid;
	return timer_create(CLOCK_MONOTONIC, &ev, &v->timer);
}

static void *thread(void *arg)
{
	struct vcpu *v = arg;
	char name[16];

	current = v->cpu.index;
	snprintf(name, sizeof(name), "vcpu%u", v->cpu.index);
	pthread_setname_np(pthread_self(), name);
	pthread_mutex_lock(&v->all->lock);
	v->tid = gettid();
	if (make_timer(v) < 0)
		v->tid = -errno;
	pthread_cond_broadcast(&v->all->changed);
	pthread_mutex_unlock(&v->all->lock);
	if (v->tid < 0)
		return NULL;
	while (stand(v)) {
		while (!must_stand(v))
			run(v);
	}
	timer_delete(v->timer);
	return NULL;
}

/* Its thread, once its timer is made. */
static int start_one(struct vcpu *v, const pthread_attr_t *attr,
		     struct err *err)
{
	struct vcpus *all = v->all;
	int code = pthread_create(&v->thread, attr, thread, v);

	if (code)
		return err_errno(err, code, "cannot start the thread of CPU %u",
				 v->cpu.index);
	pthread_mutex_lock(&all->lock);
	while (!v->tid)
		pthread_cond_wait(&all->changed, &all->lock);
	pthread_mutex_unlock(&all->lock);
	if (v->tid < 0) {
		pthread_join(v->thread, NULL);
		return err_errno(err, -v->tid, "cannot make a timer for CPU %u",
				 v->cpu.index);
	}
	all->running++;
	return 0;
}

/* The threads take the timer's signal and no other. */
int vcpus_start(struct vcpus *all, struct err *err)
{
	struct sigaction act = { .sa_sigaction = timer_fired,
				 .sa_flags = SA_SIGINFO | SA_RESTART };
	pthread_attr_t attr;
	sigset_t mask;
	int ret = 0;

	sigaction(TIMER_SIGNAL, &act, NULL);
	sigfillset(&mask);
	sigdelset(&mask, TIMER_SIGNAL);
	pthread_attr_init(&attr);
	pthread_attr_setsigmask_np(&attr, &mask);
	for (unsigned int i = 0; i < all->n && !ret; i++)
		ret = start_one(all->vcpu[i], &attr, err);
	pthread_attr_destroy(&attr);
	return ret;
}

static void stop_all(struct vcpus *all)
{
	for (unsigned int i = 0; i < all->n; i++)
		cpu_attend(&all->vcpu[i]->cpu, ATT_STOP);
}

void vcpus_pause(struct vcpus *all)
{
	pthread_mutex_lock(&all->lock);
	all->stop = true;
	pthread_mutex_unlock(&all->lock);
	stop_all(all);
	pthread_mutex_lock(&all->lock);
	while (all->standing < all->running)
		pthread_cond_wait(&all->changed, &all->lock);
	pthread_mutex_unlock(&all->lock);
	stop_clock(all);
}

void vcpus_go(struct vcpus *all)
{
	start_clock(all);
	with_lock(&all->lock);
	all->stop = false;
	pthread_cond_broadcast(&all->changed);
}

void vcpus_reset(struct vcpus *all, uint32_t entry, uint32_t r1, uint32_t r2)
{
	with_lock(&all->lock);
	for (unsigned int i = 0; i < all->n; i++) {
		struct vcpu *v = all->vcpu[i];

		v->starting = false;
		atomic_store(&v->cpu.powered, i == 0);
		cpu_reset(&v->cpu);
		jit_flush(&v->cpu);
	}
	psci_enter(&all->vcpu[0]->cpu, entry, 0);
	all->vcpu[0]->cpu.r[1] = r1;
	all->vcpu[0]->cpu.r[2] = r2;
}

bool vcpu_halted(const struct vcpu *v)
{
	return atomic_load(&v->asleep) || !atomic_load(&v->cpu.powered);
}

int vcpus_init(struct vcpus *all, struct arm_system *sys, unsigned int n,
	       enum cpu_model model,
	       void (*asked)(void *arg, enum cpu_exit what), void *arg,
	       struct err *err)
{
	int ret = 0;

	*all = (struct vcpus){
		.sys = sys, .asked = asked, .arg = arg, .stop = true
	};
	atomic_store(&all->clock_stopped, true);
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->changed, NULL);
	sys->kick = kick;
	sys->timer_rearm = timer_rearm;
	sys->cpu_on = cpu_on;
	for (unsigned int i = 0; i < n && !ret; i++) {
		struct vcpu *v = xnew(struct vcpu);

		/* cpu_init() clears the cpu, and calls back */
		v->all = all;
		atomic_store(&v->armed, UINT64_MAX);
		ret = cpu_init(&v->cpu, sys, i, model, err);
		if (ret < 0) {
			free(v);
			break;
		}
		v->cpu.board = v;
		sys->cpu[i] = &v->cpu;
		all->vcpu[all->n++] = v;
	}
	sys->cpus = all->n;
	if (!ret)
		sync_init(sys);
	return ret;
}

void vcpus_fini(struct vcpus *all)
{
	pthread_mutex_lock(&all->lock);
	all->quit = true;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
	stop_all(all);
	for (unsigned int i = 0; i < all->running; i++)
		pthread_join(all->vcpu[i]->thread, NULL);
	sync_fini(all->sys);
	for (unsigned int i = 0; i < all->n; i++) {
		jit_fini(&all->vcpu[i]->cpu);
		cpu_fini(&all->vcpu[i]->cpu);
		free(all->vcpu[i]);
	}
	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->lock);
}
