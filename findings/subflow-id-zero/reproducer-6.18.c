// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * getsockopt(fd, SOL_MPTCP, MPTCP_FULL_INFO, ...) with an optlen of 40, on the
 * client of an MPTCP connection over IPv4, after the client disconnected and
 * connected again (scene reconnected-v4-client-1).
 *
 *	gcc -Wall -Wextra -Werror -o repro repro.c && ./repro
 *
 * Takes no root. Exit status: 0 if the kernel does what is expected below, 1 if
 * not, 4 if that cannot be told. Expected is what documents promise for Linux
 * 6.18, with a tcp_info of 280 bytes and an mptcp_info of 96; written by
 * mptcp-assay on 6.18.44.
 *
 * Promised: the initial subflow of a connection has the id 1.
 * Source: subflow-id commit
 * Observed: once the kernel has taken an initial subflow apart its id is 0, and
 * stays 0 when the socket connects again. (findings/subflow-id-zero/README.md)
 *
 * Sources:
 * subflow-id commit: 6f06b4d4d1cc ("mptcp: add subflow unique id")
 * uapi: include/uapi/linux/mptcp.h
 * selftest: tools/testing/selftests/net/mptcp/mptcp_sockopt.c
 * mptcp.rst: Documentation/networking/mptcp.rst, "Socket options" (commit
 * c049275f24de, Linux 6.11)
 * measured: no document says so; kernels were seen to do it
 *
 * The case, for assay explain --hex:
 *	018d0000040000002800000000000000000000000000000008010000000000000100
 *	00000010000000200000004001000020000000400000002000000090000000200000
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#ifndef MPTCP_INFO
#define MPTCP_INFO	1
#endif
#ifndef MPTCP_FULL_INFO
#define MPTCP_FULL_INFO	4
#endif

/* struct mptcp_full_info up to its mptcp_info, which old headers lack */
struct full_info {
	unsigned int size_tcpinfo_kernel;
	unsigned int size_tcpinfo_user;
	unsigned int size_sfinfo_kernel;
	unsigned int size_sfinfo_user;
	unsigned int num_subflows;
	unsigned int size_arrays_user;
	unsigned long subflow_info;
	unsigned long tcp_info;
};
_Static_assert(sizeof(struct full_info) == 40, "as the kernel has it");

_Static_assert(sizeof(long) == 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "numbers are written for 64-bit little endian");

static void skip(const char *why)
{
	printf("1..0 # SKIP %s%s%s\n", why, errno ? ": " : "",
	       errno ? strerror(errno) : "");
	exit(4);
}

static void need_tcp_info(socklen_t want)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	char info[4096];
	socklen_t len = sizeof(info);

	if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len))
		skip("no tcp_info");
	close(fd);
	errno = 0;
	if (len != want)
		skip("tcp_info has another size than this program is for");
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

static void disconnect(int fd)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	if (connect(fd, &unspec, sizeof(unspec)))
		skip("disconnect");
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

static int scene(void)
{
	int listening;

	signal(SIGALRM, late);
	alarm(10);
	private_network();
	listening = listener(IPPROTO_MPTCP, 1);
	client = stream(IPPROTO_MPTCP);
	connect_to(listening);
	close(server);
	disconnect(client);
	connect_to(listening);
	talk(client, server, 1500);
	talk(server, client, 700);
	usleep(300 * 1000);	/* acknowledgements may be late */
	alarm(0);
	return client;
}

/*
 * A page each: w can be written, r read only, - has no access, . is not mapped.
 */
#define PAGE	4096
static const char pages[] = "-wwwwwwwwrww";

static unsigned char *optval, *optlen, *subflow_info, *tcp_info;

static const struct base {
	const char *name;
	unsigned char **at;
} bases[] = {
	{ "optval", &optval },
	{ "optlen", &optlen },
	{ "subflow_info", &subflow_info },
	{ "tcp_info", &tcp_info },
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

/* So many bytes, all of them 0. */
__attribute__((format(printf, 3, 4)))
static void expect_zeros(const unsigned char *p, size_t len,
			 const char *name, ...)
{
	va_list args;
	size_t i;

	memset(told + (p - mem), 1, len);
	checks++;
	for (i = 0; i < len && !p[i]; i++)
		;
	if (i == len)
		return;
	va_start(args, name);
	failed(p, name, args);
	va_end(args);
	printf("expected %zu zeros, byte %zu is %#x\n", len, i, p[i]);
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
	socklen_t length = 40;
	int fd, ret;
	struct full_info header = {
		.size_sfinfo_user = 264,
		.size_arrays_user = 1,
	};

	setbuf(stdout, NULL);
	need_tcp_info(280);
	need_mptcp_info(96);
	fd = scene();

	map_memory();
	optval = mem + 1 * PAGE;
	optlen = mem + 10 * PAGE;
	subflow_info = mem + 4 * PAGE;
	tcp_info = mem + 7 * PAGE;
	header.subflow_info = (unsigned long)subflow_info;
	header.tcp_info = (unsigned long)tcp_info;
	put(optval, &header, sizeof(header));
	put(optlen, &length, sizeof(length));
	protect_memory();

	ret = getsockopt(fd, SOL_MPTCP, MPTCP_FULL_INFO, optval,
			 (void *)optlen);

	/*
	 * FullStrideAsAsked (implied): size_tcpinfo_user and size_sfinfo_user
	 * are kept if the kernel knows that much.
	 * Source: uapi, struct mptcp_full_info: the arrays are size_arrays_user
	 * elements of that size
	 *
	 * FullArrayEmpty (accidental): An array whose elements have size 0 is
	 * not touched, whatever its address.
	 * Source: measured; follows from the arithmetic
	 */
	expect_result(0, ret);
	open_memory();

	/*
	 * FullInfoLeftOut (accidental): With a length of 40 nothing of
	 * mptcp_info is copied.
	 * Source: measured; follows from the arithmetic
	 */
	expect(optlen, 4, 40, "*optlen");

	/*
	 * FullCountsReported (implied): num_subflows reports all subflows, the
	 * kernel sizes what the kernel has, and the user sizes the lesser of
	 * that and what was asked for.
	 * Source: uapi, struct mptcp_full_info: num_subflows and the kernel
	 * sizes are set by kernel; selftest: each user size is the lesser of
	 * the two
	 */
	expect(optval, 4, 280, "header.size_tcpinfo_kernel");
	expect(optval + 4, 4, 0, "header.size_tcpinfo_user");
	expect(optval + 8, 4, 264, "header.size_sfinfo_kernel");
	expect(optval + 12, 4, 264, "header.size_sfinfo_user");
	expect(optval + 16, 4, 1, "header.num_subflows");
	expect(optval + 20, 4, 1, "header.size_arrays_user");

	/*
	 * FullElementCopied (promised): For each subflow below size_arrays_user
	 * one element goes into each array.
	 * Source: uapi, struct mptcp_full_info, size_arrays_user; mptcp.rst:
	 * one pointer to an array of each structure
	 */
	expect(subflow_info, 4, 1, "subflow_info[0].id");
	expect(subflow_info + 4, 4, 0, "subflow_info[0].padding");
	expect(subflow_info + 8, 2, 2, "subflow_info[0].ss_local.ss_family");
	left_open(subflow_info + 10, 2);	/* ss_local.sin_port */
	expect(subflow_info + 12, 4, htonl(0x7f000001),
	       "subflow_info[0].ss_local.sin_addr");
	expect_zeros(subflow_info + 16, 120,
		     "subflow_info[0].ss_local.padding");
	expect(subflow_info + 136, 2, 2, "subflow_info[0].ss_remote.ss_family");
	expect(subflow_info + 138, 2, PORT,
	       "subflow_info[0].ss_remote.sin_port");
	expect(subflow_info + 140, 4, htonl(0x7f000001),
	       "subflow_info[0].ss_remote.sin_addr");
	expect_zeros(subflow_info + 144, 120,
		     "subflow_info[0].ss_remote.padding");

	expect_rest_untouched();

	if (failures)
		printf("# reproduced: %d of %d checks fail\n",
		       failures, checks);
	else
		printf("# as predicted: %d checks\n", checks);
	return failures != 0;
}
