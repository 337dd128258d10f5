// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * getsockopt(fd, SOL_MPTCP, MPTCP_INFO, ...) with an optlen of 84, on an MPTCP
 * socket over IPv4 that listens (scene listening-v4).
 *
 *	gcc -Wall -Wextra -Werror -o repro repro.c && ./repro
 *
 * Takes no root. Exit status: 0 if the kernel does what is expected below, 1 if
 * not, 4 if that cannot be told. Expected is what documents promise for Linux
 * 6.18, with a tcp_info of 280 bytes and an mptcp_info of 96; written by
 * mptcp-assay on 6.18.44.
 *
 * Promised: mptcpi_subflows_total and num_subflows are both the total number of
 * subflows: 1, the one that listens.
 * Source: mptcp.dev, Number of subflows
 * Observed: on a socket that listens mptcpi_subflows_total is 0 and
 * num_subflows is 1. (findings/listener-counts-no-subflow/README.md)
 *
 * Sources:
 * info commit: 55c42fa7fa33 ("mptcp: add MPTCP_INFO getsockopt")
 * mptcp.dev: the project's page for developers of programs
 *
 * The case, for assay explain --hex:
 *	01020000010000005400000000000000000000000000000000000000000000000000
 *	00000010000000200000004001000020000000000000000000000000000000000000
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP	284
#endif
#ifndef MPTCP_INFO
#define MPTCP_INFO	1
#endif

_Static_assert(sizeof(long) == 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "numbers are written for 64-bit little endian");

static void skip(const char *why)
{
	printf("1..0 # SKIP %s%s%s\n", why, errno ? ": " : "",
	       errno ? strerror(errno) : "");
	exit(4);
}

static void need_mptcp_info(socklen_t want)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	char info[4096];
	socklen_t len = sizeof(info);

	if (fd < 0 || getsockopt(fd, SOL_MPTCP, MPTCP_INFO, info, &len))
		skip("no mptcp_info");
	close(fd);
	errno = 0;
	if (len != want)
		skip("mptcp_info has another size than this program is for");
}

/* A network of our own: takes no root, and goes away with the process. */
static void private_network(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) && unshare(CLONE_NEWNET))
		skip("no private network");
	lo.ifr_flags = IFF_UP;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		skip("lo does not come up");
	close(fd);
}

#define FAMILY	AF_INET
#define PORT	to.sin_port

/* Where the listener stands: the port is the kernel's choice. */
static struct sockaddr_in to;

static void loopback(void)
{
	memset(&to, 0, sizeof(to));
	to.sin_family = AF_INET;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static int stream(int protocol)
{
	int fd = socket(FAMILY, SOCK_STREAM, protocol);

	if (fd < 0)
		skip(protocol == IPPROTO_MPTCP ? "no MPTCP" : "no TCP");
	return fd;
}

static int bound(int protocol)
{
	int fd = stream(protocol);
	socklen_t len = sizeof(to);

	loopback();
	if (bind(fd, (struct sockaddr *)&to, len) ||
	    getsockname(fd, (void *)&to, &len))
		skip("bind");
	return fd;
}

static int listener(int protocol, int backlog)
{
	int fd = bound(protocol);

	if (listen(fd, backlog))
		skip("listen");
	return fd;
}

static int scene(void)
{
	private_network();
	return listener(IPPROTO_MPTCP, 1);
}

/*
 * A page each: w can be written, r read only, - has no access, . is not mapped.
 */
#define PAGE	4096
static const char pages[] = "-wwrww";

static unsigned char *optval, *optlen;

static const struct base {
	const char *name;
	unsigned char **at;
} bases[] = {
	{ "optval", &optval },
	{ "optlen", &optlen },
};

#define PAGES	((int)sizeof(pages) - 1)
#define SIZE	(PAGES * PAGE)
/* Nothing on either side, as far as any 31-bit offset or size leads. */
#define GUARD	(4UL << 30)

static unsigned char *mem, before[SIZE];
static char told[SIZE];	/* bytes that some line below speaks of */

static void map_memory(void)
{
	int i;

	errno = 0;
	if (sysconf(_SC_PAGESIZE) != PAGE)
		skip("pages are not 4096 bytes");
	mem = mmap(NULL, GUARD + SIZE + GUARD, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		skip("mmap");
	mem += GUARD;
	if (mprotect(mem, SIZE, PROT_READ | PROT_WRITE))
		skip("mprotect");
	for (i = 0; i < SIZE; i++)	/* never 0, neighbours differ */
		mem[i] = 1 + i % 251;
}

static void protect_memory(void)
{
	int i;

	memcpy(before, mem, SIZE);
	for (i = 0; i < PAGES; i++)
		if ((pages[i] == 'r' &&
		     mprotect(mem + i * PAGE, PAGE, PROT_READ)) ||
		    (pages[i] == '-' &&
		     mprotect(mem + i * PAGE, PAGE, PROT_NONE)) ||
		    (pages[i] == '.' && munmap(mem + i * PAGE, PAGE)))
			skip("mprotect");
}

/* After the call: what no program may look at is looked at. */
static void open_memory(void)
{
	int i;

	for (i = 0; i < PAGES; i++)
		if (pages[i] != '.')
			mprotect(mem + i * PAGE, PAGE, PROT_READ);
}

static void put(unsigned char *at, const void *data, size_t len)
{
	size_t room = mem + SIZE - at;

	memcpy(at, data, len < room ? len : room);
}

static int checks, failures;

/* Where a byte is, seen from the pointer before it. */
static void print_where(const unsigned char *p)
{
	const struct base *base = NULL;
	int i;

	for (i = 0; i < (int)(sizeof(bases) / sizeof(bases[0])); i++)
		if (*bases[i].at >= mem && *bases[i].at <= p &&
		    (!base || *bases[i].at > *base->at))
			base = &bases[i];
	if (base)
		printf("%s+%td", base->name, p - *base->at);
	else
		printf("mem+%td", p - mem);
}

static void failed(const unsigned char *p, const char *name, va_list args)
{
	failures++;
	printf("not ok: ");
	vprintf(name, args);
	printf(" (");
	print_where(p);
	printf("): ");
}

/* A number of so many bytes. */
__attribute__((format(printf, 4, 5)))
static void expect(const unsigned char *p, size_t len,
		   unsigned long long want, const char *name, ...)
{
	unsigned long long got = 0;
	va_list args;

	memcpy(&got, p, len);
	memset(told + (p - mem), 1, len);
	checks++;
	if (got == want)
		return;
	va_start(args, name);
	failed(p, name, args);
	va_end(args);
	if ((got | want) < 0x10000)
		printf("expected %llu, got %llu\n", want, got);
	else
		printf("expected %#llx, got %#llx\n", want, got);
}

/* Bytes that depend on the moment: no expectation. */
static void left_open(const unsigned char *p, size_t len)
{
	memset(told + (p - mem), 1, len);
}

static void expect_result(int want, int ret)
{
	int got = ret ? errno : 0;

	checks++;
	if (got == want)
		return;
	failures++;
	printf("not ok: result: expected %s", strerror(want));
	printf(", got %s\n", strerror(got));
}

/* All that no line spoke of is as it was before the call. */
static void expect_rest_untouched(void)
{
	int i, end, runs = 0;

	checks++;
	for (i = 0; i < SIZE; i = end + 1) {
		end = i;
		if (pages[i / PAGE] == '.' || told[i] || mem[i] == before[i])
			continue;
		while (end + 1 < SIZE && pages[(end + 1) / PAGE] != '.' &&
		       !told[end + 1] && mem[end + 1] != before[end + 1])
			end++;
		runs++;
		printf("not ok: %d untouched bytes (", end + 1 - i);
		print_where(mem + i);
		printf("): expected %#x first, got %#x\n", before[i], mem[i]);
	}
	failures += runs > 0;
}

int main(void)
{
	socklen_t length = 84;
	int fd, ret;

	setbuf(stdout, NULL);
	need_mptcp_info(96);
	fd = scene();

	map_memory();
	optval = mem + 1 * PAGE;
	optlen = mem + 4 * PAGE;
	put(optlen, &length, sizeof(length));
	protect_memory();

	ret = getsockopt(fd, SOL_MPTCP, MPTCP_INFO, optval, (void *)optlen);

	/* Nothing in it is refused. */
	expect_result(0, ret);
	open_memory();

	/*
	 * InfoCut (promised): With less room than the kernel's structure, its
	 * first bytes that fit are copied.
	 * Source: info commit: userspace sets optlen to the size of the
	 * structure it expects; this allows to append more information later
	 */
	expect(optlen, 4, 84, "*optlen");

	expect(optval, 1, 0, "mptcp_info.mptcpi_subflows");
	expect(optval + 1, 1, 0, "mptcp_info.mptcpi_add_addr_signal");
	expect(optval + 2, 1, 0, "mptcp_info.mptcpi_add_addr_accepted");
	/* mptcpi_subflows_max to mptcpi_add_addr_accepted_max */
	left_open(optval + 3, 3);
	expect(optval + 6, 2, 0, "mptcp_info.padding");
	expect(optval + 8, 4, 0, "mptcp_info.mptcpi_flags");
	expect(optval + 12, 4, 0, "mptcp_info.mptcpi_token");
	expect(optval + 16, 8, 0, "mptcp_info.mptcpi_write_seq");
	expect(optval + 24, 8, 0, "mptcp_info.mptcpi_snd_una");
	expect(optval + 32, 8, 0, "mptcp_info.mptcpi_rcv_nxt");
	expect(optval + 40, 1, 0, "mptcp_info.mptcpi_local_addr_used");
	left_open(optval + 41, 1);	/* mptcpi_local_addr_max */
	expect(optval + 42, 1, 0, "mptcp_info.mptcpi_csum_enabled");
	expect(optval + 43, 1, 0, "mptcp_info.padding");
	expect(optval + 44, 4, 0, "mptcp_info.mptcpi_retransmits");
	expect(optval + 48, 8, 0, "mptcp_info.mptcpi_bytes_retrans");
	expect(optval + 56, 8, 0, "mptcp_info.mptcpi_bytes_sent");
	expect(optval + 64, 8, 0, "mptcp_info.mptcpi_bytes_received");
	expect(optval + 72, 8, 0, "mptcp_info.mptcpi_bytes_acked");
	expect(optval + 80, 1, 1, "mptcp_info.mptcpi_subflows_total");
	/* mptcpi_endp_laminar_max to mptcpi_endp_fullmesh_max */
	left_open(optval + 81, 2);
	expect(optval + 83, 1, 0, "mptcp_info.reserved");

	expect_rest_untouched();

	if (failures)
		printf("# reproduced: %d of %d checks fail\n",
		       failures, checks);
	else
		printf("# as predicted: %d checks\n", checks);
	return failures != 0;
}
