// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * getsockopt(fd, SOL_MPTCP, MPTCP_INFO, ...) with an optlen of 48, on the
 * client of an MPTCP connection of 2 subflows over IPv4, after the address of
 * its second subflow was removed (scene address-removed-v4-client-2).
 *
 *	gcc -Wall -Wextra -Werror -o repro repro.c && ./repro
 *
 * Takes no root. Exit status: 0 if the kernel does what is expected below, 1 if
 * not, 4 if that cannot be told. Expected is what documents promise for Linux
 * 6.18, with a tcp_info of 280 bytes and an mptcp_info of 96; written by
 * mptcp-assay on 6.18.44.
 *
 * Promised: mptcpi_local_addr_used is 0 while no address is in the list that it
 * counts: SUBFLOW_CREATE adds the address and 1, SUBFLOW_DESTROY takes both
 * back.
 * Source: the kernel against itself, no document speaks of this field;
 * userspace-infos commit, by its code: its message names two other counters
 * Observed: MPTCP_PM_CMD_REMOVE removes the address from the list and closes
 * its subflow, and mptcpi_local_addr_used stays 1; it grows by 1 with each
 * address that is used and then removed.
 * (findings/local-addr-used-kept/README.md)
 *
 * Sources:
 * info commit: 55c42fa7fa33 ("mptcp: add MPTCP_INFO getsockopt")
 * userspace-infos commit: 77e4b94a3de6 ("mptcp: update userspace pm infos")
 *
 * The case, for assay explain --hex:
 *	01a60000010000003000000000000000000000000000000000000000000000000000
 *	00000010000000200000004001000020000000000000000000000000000000000000
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
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

static int set_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	int ret = -1;

	if (fd >= 0) {
		ret = write(fd, value, strlen(value)) < 0 ? -1 : 0;
		close(fd);
	}
	return ret;
}

/* Who makes the subflows of sockets that are made from now on. */
static void manage(int by_userspace)
{
	if (set_sysctl("/proc/sys/net/mptcp/path_manager",
		       by_userspace ? "userspace" : "kernel") &&
	    set_sysctl("/proc/sys/net/mptcp/pm_type", by_userspace ? "1" : "0"))
		skip("no choice of path manager");
}

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

/* linux/mptcp.h, which not every system has */
enum { PM_ATTR_ADDR = 1, PM_ATTR_RCV_ADD_ADDRS, PM_ATTR_SUBFLOWS,
       PM_ATTR_TOKEN, PM_ATTR_LOC_ID, PM_ATTR_ADDR_REMOTE };
enum { ADDR_ATTR_FAMILY = 1, ADDR_ATTR_ID, ADDR_ATTR_ADDR4, ADDR_ATTR_ADDR6,
       ADDR_ATTR_PORT, ADDR_ATTR_FLAGS };
enum { PM_CMD_ADD_ADDR = 1, PM_CMD_SET_LIMITS = 5, PM_CMD_REMOVE = 9,
       PM_CMD_SUBFLOW_CREATE, PM_CMD_SUBFLOW_DESTROY };
enum { ADDR_FLAG_SUBFLOW = 2, ADDR_FLAG_BACKUP = 4 };
enum { EVENT_CREATED = 1, EVENT_SUB_ESTABLISHED = 10 };
enum { EVENT_ATTR_TOKEN = 1, EVENT_ATTR_SPORT = 9, EVENT_ATTR_DPORT };

static int requests, events, pm;
static struct {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[4096];
} msg;

static char *end_of_msg(void)
{
	return (char *)&msg + NLMSG_ALIGN(msg.nlh.nlmsg_len);
}

static void begin(int family, int cmd)
{
	memset(&msg, 0, sizeof(msg));
	msg.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg.nlh.nlmsg_type = family;
	msg.nlh.nlmsg_flags = NLM_F_REQUEST;
	msg.genl.cmd = cmd;
	msg.genl.version = 1;
}

static struct nlattr *add(int type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)end_of_msg();

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	msg.nlh.nlmsg_len = end_of_msg() - (char *)&msg +
			    NLA_ALIGN(attr->nla_len);
	return attr;
}

/* Sends what was put together and receives the answer to it. */
static int ask(int flags)
{
	int *error = (int *)&msg.genl;	/* the payload of NLMSG_ERROR */

	msg.nlh.nlmsg_flags |= flags;
	if (send(requests, &msg, msg.nlh.nlmsg_len, 0) < 0 ||
	    recv(requests, &msg, sizeof(msg), 0) < 0)
		skip("netlink");
	if (msg.nlh.nlmsg_type == NLMSG_ERROR && *error) {
		errno = -*error;
		return -1;
	}
	return 0;
}

/* The payload of the first attribute of a type. */
static void *find(char *from, char *end, int type)
{
	while (from < end) {
		struct nlattr *attr = (struct nlattr *)from;

		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return from + NLA_HDRLEN;
		from += NLA_ALIGN(attr->nla_len);
	}
	skip("no such netlink attribute");
	return NULL;
}

static char *end_of(void *payload)
{
	struct nlattr *attr = (void *)((char *)payload - NLA_HDRLEN);

	return (char *)attr + attr->nla_len;
}

/* With a path manager in user space a server takes joins if one listens. */
static void listen_to_events(void)
{
	static const char name[] = "mptcp_pm", group[] = "mptcp_pm_events";
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	char *groups, *one;
	int i = 0;

	requests = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	events = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (requests < 0 || events < 0 ||
	    bind(events, (struct sockaddr *)&self, sizeof(self)))
		skip("no generic netlink");
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	add(CTRL_ATTR_FAMILY_NAME, name, sizeof(name));
	if (ask(0))
		skip("no mptcp_pm");
	groups = find(msg.attrs, end_of_msg(), CTRL_ATTR_MCAST_GROUPS);
	do {
		one = find(groups, end_of(groups), ++i);
	} while (strcmp(find(one, end_of(one), CTRL_ATTR_MCAST_GRP_NAME),
			group));
	if (setsockopt(events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       find(one, end_of(one), CTRL_ATTR_MCAST_GRP_ID), 4))
		skip("no path manager events");
	pm = *(__u16 *)find(msg.attrs, end_of_msg(), CTRL_ATTR_FAMILY_ID);
}

static void await(int event)
{
	do {
		if (recv(events, &msg, sizeof(msg), 0) < 0)
			skip("no event");
	} while (msg.genl.cmd != event);
}

/* The client's address of a subflow: 127.0.0.1, 127.0.0.2, ... */
static void add_ip(int n)
{
	__u16 family = AF_INET;
	__u32 ip = htonl(INADDR_LOOPBACK + n);

	add(ADDR_ATTR_FAMILY, &family, sizeof(family));
	add(ADDR_ATTR_ADDR4, &ip, sizeof(ip));
}

static void add_address(int type, int n, __u16 port, __u8 id, __u32 flags)
{
	struct nlattr *nest = add(type, NULL, 0);

	nest->nla_type |= NLA_F_NESTED;
	add_ip(n);
	if (port)
		add(ADDR_ATTR_PORT, &port, sizeof(port));
	if (id)
		add(ADDR_ATTR_ID, &id, sizeof(id));
	if (flags)
		add(ADDR_ATTR_FLAGS, &flags, sizeof(flags));
	nest->nla_len = end_of_msg() - (char *)nest;
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

static __u16 event_port(int attr)
{
	return *(__u16 *)find(msg.attrs, end_of_msg(), attr);
}

/* The client's token: of both ends' events, the one towards the listener. */
static __u32 client_token(void)
{
	do {
		await(EVENT_CREATED);
	} while (event_port(EVENT_ATTR_DPORT) != PORT);
	return *(__u32 *)find(msg.attrs, end_of_msg(), EVENT_ATTR_TOKEN);
}

/* Makes subflow n, and returns its port at the client. */
static __u16 join(__u32 token, int n, __u32 flags)
{
	int tries = 0, ends = 2;
	__u16 port = 0;

	do {	/* until the connection is fully established */
		usleep(1000);
		begin(pm, PM_CMD_SUBFLOW_CREATE);
		add(PM_ATTR_TOKEN, &token, sizeof(token));
		add_address(PM_ATTR_ADDR, n, 0, n, flags);
		add_address(PM_ATTR_ADDR_REMOTE, 0, ntohs(PORT), 0, 0);
	} while (ask(NLM_F_ACK) && ++tries < 2000);
	if (tries == 2000)
		skip("no subflow");
	while (ends--) {
		await(EVENT_SUB_ESTABLISHED);
		if (event_port(EVENT_ATTR_DPORT) == PORT)
			port = ntohs(event_port(EVENT_ATTR_SPORT));
	}
	return port;
}

/* Takes an address away from the client, and the subflow from there. */
static void remove_address(__u32 token, __u8 id)
{
	begin(pm, PM_CMD_REMOVE);
	add(PM_ATTR_TOKEN, &token, sizeof(token));
	add(PM_ATTR_LOC_ID, &id, sizeof(id));
	if (ask(NLM_F_ACK))
		skip("the address does not go away");
}

static int scene(void)
{
	int listening;
	__u32 token;

	signal(SIGALRM, late);
	alarm(10);
	private_network();
	listen_to_events();
	manage(1);
	listening = listener(IPPROTO_MPTCP, 1);
	client = stream(IPPROTO_MPTCP);
	connect_to(listening);
	token = client_token();
	talk(client, server, 1);	/* without data there are no joins */
	join(token, 1, 0);
	talk(client, server, 1500);
	talk(server, client, 700);
	remove_address(token, 1);
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
	socklen_t length = 48;
	int fd, ret;

	setbuf(stdout, NULL);
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
	expect(optlen, 4, 48, "*optlen");

	expect(optval, 1, 0, "mptcp_info.mptcpi_subflows");
	expect(optval + 1, 1, 0, "mptcp_info.mptcpi_add_addr_signal");
	expect(optval + 2, 1, 0, "mptcp_info.mptcpi_add_addr_accepted");
	/* mptcpi_subflows_max to mptcpi_add_addr_accepted_max */
	left_open(optval + 3, 3);
	expect(optval + 6, 2, 0, "mptcp_info.padding");
	expect(optval + 8, 4, 2, "mptcp_info.mptcpi_flags");
	left_open(optval + 12, 28);	/* mptcpi_token to mptcpi_rcv_nxt */
	expect(optval + 40, 1, 0, "mptcp_info.mptcpi_local_addr_used");
	left_open(optval + 41, 1);	/* mptcpi_local_addr_max */
	expect(optval + 42, 1, 0, "mptcp_info.mptcpi_csum_enabled");
	expect(optval + 43, 1, 0, "mptcp_info.padding");
	expect(optval + 44, 4, 0, "mptcp_info.mptcpi_retransmits");

	expect_rest_untouched();

	if (failures)
		printf("# reproduced: %d of %d checks fail\n",
		       failures, checks);
	else
		printf("# as predicted: %d checks\n", checks);
	return failures != 0;
}
