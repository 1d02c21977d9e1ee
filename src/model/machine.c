/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine.h"

#include <stdlib.h>
#include <string.h>

static void free_nic(struct machine_nic *nic)
{
	free(nic->mac);
	free(nic->bridge);
	free(nic->network);
	free(nic->tap);
	free(nic->net);
	free(nic->address);
	free(nic->gateway);
	free(nic->dns);
	vec_free(&nic->forwards);
}

static void free_serial(struct machine_serial *port)
{
	free(port->device);
	for (size_t i = 0; i < port->names.n; i++)
		free(port->names.at[i]);
	vec_free(&port->names);
}

void machine_remove_serial(struct machine *m, size_t n)
{
	free_serial(&m->serial.at[n]);
	for (; n + 1 < m->serial.n; n++)
		m->serial.at[n] = m->serial.at[n + 1];
	m->serial.n--;
}

void machine_free(struct machine *m)
{
	char *texts[] = {
		m->name,        m->uuid,          m->title,         m->cpu,
		m->kernel,      m->initrd,        m->cmdline,       m->profile,
		m->source_path, m->source_serial, m->source_sha256, m->created,
		m->arch,        m->libvirt,       m->release,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < m->disks.n; i++) {
		free(m->disks.at[i].file);
		free(m->disks.at[i].format);
		free(m->disks.at[i].pool);
		free(m->disks.at[i].volume);
	}
	vec_free(&m->disks);
	for (size_t i = 0; i < m->nics.n; i++)
		free_nic(&m->nics.at[i]);
	vec_free(&m->nics);
	for (size_t i = 0; i < m->serial.n; i++)
		free_serial(&m->serial.at[i]);
	vec_free(&m->serial);
	*m = (struct machine){ 0 };
}

bool machine_is_arm64(const struct machine *m)
{
	return m->arch && !strcmp(m->arch, "arm64");
}
