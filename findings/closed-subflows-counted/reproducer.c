// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * getsockopt(fd, SOL_MPTCP, MPTCP_SUBFLOW_ADDRS, ...) with an optlen of 272, on
 * the client of an MPTCP connection over IPv4, after both shut down, the client
 * first (scene fully-closed-v4-client-1).
 *
 *	gcc -Wall -Wextra -Werror -o repro repro.c && ./repro
 *
 * Takes no root. Exit status: 0 if the kernel does what is expected below, 1 if
 * not, 4 if that cannot be told. Expected is what documents promise for Linux
 * 6.18, with a tcp_info of 280 bytes and an mptcp_info of 96; written by
 * mptcp-assay on 6.18.44-fc-v595.
 *
 * Promised: num_subflows is the number of active subflows, and each has an
 * element.
 * Source: commit, 6th paragraph
 * Observed: subflows in state CLOSE are counted and listed: one that is bound
 * and not connected; of the end that closed first all, of others the first.
 * mptcp_info counts none of them. (findings/closed-subflows-counted/README.md)
 *
 * Sources:
 * commit: 06f15cee3695 ("mptcp: add MPTCP_TCPINFO getsockopt support")
 * uapi: include/uapi/linux/mptcp.h
 * selftest: tools/testing/selftests/net/mptcp/mptcp_sockopt.c
 * measured: no document says so; kernels were seen to do it
 *
 * The case, for assay explain --hex:
 *	017a0000030000001001000010000000000000000000000000010000000000000000
 *	00000010000000200000004001000020000000000000000000000000000000000000
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
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
#ifndef MPTCP_SUBFLOW_ADDRS
#define MPTCP_SUBFLOW_ADDRS	3
#endif

/* struct mptcp_subflow_data, which old headers lack */
struct subflow_data {
	unsigned int size_subflow_data;
	unsigned int num_subflows;
	unsigned int size_kernel;
	unsigned int size_user;
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct subflow_data) == 16, "as the kernel has it");

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

static void late(int signal)
{
	(void)signal;
	errno = ETIMEDOUT;
	skip("no scene");
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

static int client, server;

static void connect_to(int listening)
{
	if (connect(client, (struct sockaddr *)&to, sizeof(to)))
		skip("connect");
	server = accept(listening, NULL, NULL);
	if (server < 0)
		skip("accept");
}

static void talk(int from, int into, size_t len)
{
	char data[1500] = { 0 };
	ssize_t ret;

	if (send(from, data, len, 0) != (ssize_t)len)
		skip("send");
	for (; len; len -= ret) {
		ret = recv(into, data, len, 0);
		if (ret <= 0)
			skip("recv");
	}
}

static void read_end(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static int scene(void)
{
	int listening;

	signal(SIGALRM, late);
	alarm(10);
	private_network();
	listening = listener(IPPROTO_MPTCP, 1);
	client = stream(IPPROTO_MPTCP);
	connect_to(listening);
	talk(client, server, 1500);
	talk(server, client, 700);
	shutdown(client, SHUT_WR);
	shutdown(server, SHUT_WR);
	read_end(client);
	read_end(server);
	usleep(300 * 1000);	/* acknowledgements may be late */
	alarm(0);
	return client;
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
	socklen_t length = 272;
	int fd, ret;
	struct subflow_data header = {
		.size_subflow_data = 16,
		.size_user = 256,
	};

	setbuf(stdout, NULL);
	fd = scene();

	map_memory();
	optval = mem + 1 * PAGE;
	optlen = mem + 4 * PAGE;
	put(optval, &header, sizeof(header));
	put(optlen, &length, sizeof(length));
	protect_memory();

	ret = getsockopt(fd, SOL_MPTCP, MPTCP_SUBFLOW_ADDRS, optval,
			 (void *)optlen);

	/*
	 * StrideAsAsked (promised): An element is as large as the program
	 * asked, where the kernel knows that much.
	 * Source: commit, 9th paragraph: the kernel only fills the space
	 * expected by userspace
	 */
	expect_result(0, ret);
	open_memory();

	/*
	 * LengthWithoutElements (implied): Where no byte of an element was
	 * copied, the length becomes the part of the header that the kernel
	 * knows, 16, even if size_subflow_data is larger.
	 * Source: selftest: a header of 24 bytes on an old kernel, olen must be
	 * truncated to real data size filled by kernel
	 */
	expect(optlen, 4, 16, "*optlen");

	/*
	 * CountReported (promised): num_subflows tells all subflows of the
	 * connection, whether or not there was room.
	 * Source: commit, 6th paragraph: updated to contain the number of
	 * active subflows
	 *
	 * SizesReported (promised): size_kernel tells the size of the element
	 * as the kernel knows it, and size_user the size that was agreed on.
	 * Source: commit, 7th paragraph; that size_user is rewritten: uapi,
	 * measured
	 */
	expect(optval, 4, 16, "header.size_subflow_data");
	expect(optval + 4, 4, 0, "header.num_subflows");
	expect(optval + 8, 4, 256, "header.size_kernel");
	expect(optval + 12, 4, 256, "header.size_user");

	expect_rest_untouched();

	if (failures)
		printf("# reproduced: %d of %d checks fail\n",
		       failures, checks);
	else
		printf("# as predicted: %d checks\n", checks);
	return failures != 0;
}
