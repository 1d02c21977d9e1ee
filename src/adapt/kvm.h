/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ADAPT_KVM_H
#define ADAPT_KVM_H

#include <stdbool.h>

/*
 * Does KVM work here?  A child makes a machine of one instruction and runs
 * it; if that has not halted after ms milliseconds the answer is no, whatever
 * /dev/kvm says: there are hosts whose KVM opens and then hangs.
 */
bool kvm_works(unsigned int ms);

#endif
