// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What getsockopt(SOL_MPTCP, ...) tells of the socket on standard input:
 *
 *	gcc -Wall -Wextra -o advice lab/advice/advice.c
 *	assay scenes --scene 'many-v?-client-17-after' --exec ./advice
 *
 * The calls are made so that the answer holds on every kernel from 5.16 on and
 * with any number of subflows; docs/advice.md has the reasons. It has its own
 * declarations, for linux/mptcp.h may be older than the kernel, or not there.
 *
 * Exit status: 0 if there was something to tell, 1 for an error, 4 where
 * standard input is no socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LEVEL_MPTCP = 284, INFO = 1, TCPINFO, SUBFLOW_ADDRS, FULL_INFO };
enum { FLAG_FALLBACK = 1 };

struct info {			/* struct mptcp_info, as of 6.18 */
	uint8_t		counts[8];
	uint32_t	flags;
	uint32_t	token;
	uint64_t	write_seq, snd_una, rcv_nxt;
	uint8_t		local[4];
	uint32_t	retransmits;
	uint64_t	bytes_retrans, bytes_sent, bytes_received, bytes_acked;
	uint8_t		subflows_total, laminar, fullmesh, reserved;
	uint32_t	last_data_sent, last_data_recv, last_ack_recv;
};

struct header {			/* struct mptcp_subflow_data */
	uint32_t	size_subflow_data, num_subflows, size_kernel, size_user;
};

struct addrs {			/* struct mptcp_subflow_addrs */
	struct sockaddr_storage	local, remote;
};

struct subflow {		/* struct mptcp_subflow_info */
	_Alignas(8) uint32_t	id;
	_Alignas(8) struct addrs addrs;
};

struct full {			/* struct mptcp_full_info */
	uint32_t	size_tcpinfo_kernel, size_tcpinfo_user;
	uint32_t	size_sfinfo_kernel, size_sfinfo_user;
	uint32_t	num_subflows, size_arrays_user;
	uint64_t	subflow_info, tcp_info;
	struct info	info;
};

_Static_assert(sizeof(struct info) == 96 && sizeof(struct header) == 16 &&
	       sizeof(struct addrs) == 256 && sizeof(struct subflow) == 264 &&
	       sizeof(struct full) == 136, "as the kernel has them");

/* Elements, as far apart as both sides agreed on. */
struct array {
	char		*data;
	uint32_t	count, stride, size_kernel;
};

static void *zeroed(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		perror("calloc");
		exit(1);
	}
	return memory;
}

static int ask(int option, void *optval, socklen_t *optlen)
{
	return getsockopt(0, LEVEL_MPTCP, option, optval, optlen) ? errno : 0;
}

/* MPTCP_TCPINFO or MPTCP_SUBFLOW_ADDRS, with room for all. */
static int elements(int option, uint32_t size, struct array *array)
{
	uint32_t slots = 1;

	for (;;) {
		/* All of it new: what the kernel wrote last time would be refused. */
		socklen_t length = sizeof(struct header) + slots * size;
		struct header *header = zeroed(length);
		int err;

		header->size_subflow_data = sizeof(*header);
		header->size_user = size;
		err = ask(option, header, &length);
		if (!err && header->num_subflows <= slots) {
			array->data = (char *)(header + 1);
			array->stride = header->size_user;
			array->size_kernel = header->size_kernel;
			array->count = (length - sizeof(*header)) / array->stride;
			return 0;
		}
		slots = header->num_subflows;
		free(header);
		if (err)
			return err;
	}
}

static int full_info(struct full *full, socklen_t *length,
		     struct array *tcp_infos, struct array *subflows)
{
	uint32_t slots = 1;

	for (;;) {
		int err;

		memset(full, 0, sizeof(*full));
		*length = sizeof(*full);
		tcp_infos->data = zeroed(slots * sizeof(struct tcp_info));
		subflows->data = zeroed(slots * sizeof(struct subflow));
		full->size_tcpinfo_user = sizeof(struct tcp_info);
		full->size_sfinfo_user = sizeof(struct subflow);
		full->size_arrays_user = slots;
		full->tcp_info = (uintptr_t)tcp_infos->data;
		full->subflow_info = (uintptr_t)subflows->data;
		err = ask(FULL_INFO, full, length);
		if (!err && full->num_subflows <= slots) {
			tcp_infos->stride = full->size_tcpinfo_user;
			tcp_infos->size_kernel = full->size_tcpinfo_kernel;
			subflows->stride = full->size_sfinfo_user;
			tcp_infos->count = subflows->count = full->num_subflows;
			return 0;
		}
		slots = full->num_subflows;
		free(tcp_infos->data);
		free(subflows->data);
		if (err)
			return err;
	}
}

/* An element that may be shorter than the structure, with zeros behind it. */
static void element(const struct array *array, uint32_t n, void *to, size_t size)
{
	memset(to, 0, size);
	memcpy(to, array->data + (size_t)n * array->stride, array->stride);
}

static void tell_address(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;
	char text[INET6_ADDRSTRLEN] = "";

	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
	else if (address->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
	if (text[0])
		printf("%s port %u", text, ntohs(v4->sin_port));
	else
		printf("no address");
}

/* A field is there if what came back reaches to its end. */
#define TELL(info, length, field) do {					\
	if (offsetof(struct info, field) + sizeof((info)->field) <= (length)) \
		printf("  " #field " %llu\n", (unsigned long long)(info)->field); \
	else								\
		printf("  " #field " is not in this kernel\n");		\
} while (0)

static void tell(const struct info *info, socklen_t length, int is_full,
		 const struct array *tcp_infos, const struct array *addresses)
{
	printf("MPTCP, subflows: %u, told by %s\n", tcp_infos->count,
	       is_full ? "MPTCP_FULL_INFO" : "MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS");
	printf("mptcp_info, %u bytes of it\n", length);
	TELL(info, length, flags);
	TELL(info, length, bytes_sent);
	TELL(info, length, bytes_received);
	TELL(info, length, subflows_total);

	printf("tcp_info, %u bytes in this kernel\n", tcp_infos->size_kernel);
	for (uint32_t n = 0; n < tcp_infos->count; n++) {
		struct tcp_info tcp_info;
		struct subflow subflow;

		element(tcp_infos, n, &tcp_info, sizeof(tcp_info));
		if (is_full) {
			element(addresses, n, &subflow, sizeof(subflow));
			printf("  %u: ", subflow.id);
		} else {
			element(addresses, n, &subflow.addrs, sizeof(subflow.addrs));
			printf("  -: ");
		}
		tell_address(&subflow.addrs.local);
		printf(" -> ");
		tell_address(&subflow.addrs.remote);
		printf(", state %u, rtt %u us\n", tcp_info.tcpi_state, tcp_info.tcpi_rtt);
	}
}

static int learn(void)
{
	struct array tcp_infos, addresses;
	struct info info = { 0 };
	struct full full;
	socklen_t length = sizeof(info), full_length;
	int err;

	/* First the option that every kernel has: its refusal means one thing only. */
	err = ask(INFO, &info, &length);
	if (err)
		return err;
	if (info.flags & FLAG_FALLBACK)
		return EOPNOTSUPP;
	err = full_info(&full, &full_length, &tcp_infos, &addresses);
	if (!err)
		tell(&full.info, full_length - offsetof(struct full, info), 1,
		     &tcp_infos, &addresses);
	if (err != EOPNOTSUPP)
		return err;
	/* Two calls; a subflow may come or go between them. */
	do {
		err = elements(TCPINFO, sizeof(struct tcp_info), &tcp_infos);
		if (!err)
			err = elements(SUBFLOW_ADDRS, sizeof(struct addrs), &addresses);
		if (err)
			return err;
	} while (tcp_infos.count != addresses.count);
	tell(&info, length, 0, &tcp_infos, &addresses);
	return 0;
}

int main(void)
{
	int err = learn();

	switch (err) {
	case 0:
		return 0;
	case EOPNOTSUPP:	/* over IPv4 */
	case ENOPROTOOPT:	/* over IPv6 */
		printf("TCP: fell back, or never was MPTCP\n");
		return 0;
	case EBADF:
	case ENOTSOCK:
		printf("standard input is no socket\n");
		return 4;
	default:
		fprintf(stderr, "getsockopt: %s\n", strerror(err));
		return 1;
	}
}
