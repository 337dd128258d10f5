// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * getsockopt(fd, SOL_MPTCP, MPTCP_INFO, ...) with an optlen of -1, on an MPTCP
 * socket over IPv4 that is new (scene fresh-v4).
 *
 *	gcc -Wall -Wextra -Werror -o repro repro.c && ./repro
 *
 * Takes no root. Exit status: 0 if the kernel does what is expected below, 1 if
 * not, 4 if that cannot be told. Expected is what documents promise for Linux
 * 6.18, with a tcp_info of 280 bytes and an mptcp_info of 96; written by
 * mptcp-assay on 6.18.44.
 *
 * Sources:
 * optlen commit: 716edc9706de ("tcp: fix incorrect parameter validation in the
 * do_tcp_getsockopt() function")
 * selftest: tools/testing/selftests/net/mptcp/mptcp_sockopt.c
 * man: getsockopt(2)
 * measured: no document says so; kernels were seen to do it
 *
 * The case, for assay explain --hex:
 *	0100000001000000ffffffff00000000000000000000000000000000000000000000
 *	00000010000000200000004001000020000000000000000000000000000000000000
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
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

static int fresh(int family, int protocol)
{
	int fd = socket(family, SOCK_STREAM, protocol);

	if (fd < 0)
		skip("no MPTCP");
	return fd;
}

static int scene(void)
{
	private_network();
	return fresh(AF_INET, IPPROTO_MPTCP);
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
	socklen_t length = -1;
	int fd, ret;

	setbuf(stdout, NULL);
	fd = scene();

	map_memory();
	optval = mem + 1 * PAGE;
	optlen = mem + 4 * PAGE;
	put(optlen, &length, sizeof(length));
	protect_memory();

	ret = getsockopt(fd, SOL_MPTCP, MPTCP_INFO, optval, (void *)optlen);

	/*
	 * Promised: a length that is no size of a buffer is refused: EINVAL, as
	 * the three other options answer.
	 * Source: man: optlen initially contains the size of the buffer;
	 * selftest: an optlen that is too short fails; optlen commit: TCP_INFO
	 * had the same bug
	 * Observed: MPTCP_INFO succeeds, copies the whole structure and stores
	 * its size. (findings/negative-optlen/README.md)
	 */
	expect_result(EINVAL, ret);
	open_memory();

	expect_rest_untouched();

	if (failures)
		printf("# reproduced: %d of %d checks fail\n",
		       failures, checks);
	else
		printf("# as predicted: %d checks\n", checks);
	return failures != 0;
}
