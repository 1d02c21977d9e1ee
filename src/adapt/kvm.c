/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child may hang in the kernel where no signal reaches it, so it is
 * killed and not waited for: its end is init's business.
 */
#include "adapt/kvm.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

enum {
	PAGE = 4096,
	HLT = 0xf4
};

/* Real mode at address 0: hlt. */
static bool run_one_instruction(void)
{
	struct kvm_userspace_memory_region region = { .memory_size = PAGE };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, cpu, size;
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_run *run;
	uint8_t *page;

	if (kvm < 0 || ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return false;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vm < 0 || page == MAP_FAILED)
		return false;
	page[0] = HLT;
	region.userspace_addr = (uintptr_t)page;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return false;
	cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (cpu < 0 || size < (int)sizeof(*run))
		return false;
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu,
		   0);
	if (run == MAP_FAILED || ioctl(cpu, KVM_GET_SREGS, &sregs) < 0)
		return false;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(cpu, KVM_SET_SREGS, &sregs) == 0 &&
	       ioctl(cpu, KVM_SET_REGS, &regs) == 0 &&
	       ioctl(cpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_HLT;
}

#else

static bool run_one_instruction(void)
{
	return false;
}

#endif

bool kvm_works(unsigned int ms)
{
	struct pollfd wait;
	pid_t child;
	int status = 0;

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return false;
	child = fork();
	if (child == 0)
		_exit(run_one_instruction() ? 0 : 1);
	if (child < 0)
		return false;
	wait = (struct pollfd){ (int)syscall(SYS_pidfd_open, child, 0), POLLIN,
				0 };
	if (poll(&wait, 1, (int)ms) <= 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, WNOHANG);
		close(wait.fd);
		return false;
	}
	close(wait.fd);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}
