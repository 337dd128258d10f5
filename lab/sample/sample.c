// SPDX-License-Identifier: GPL-2.0
/*
 * The sample call of the design of July 2021, "Revised mptcp_info sockopt and
 * selftests", on the socket that is this program's standard input:
 *
 *	assay scenes --scene 'many-v?-client-17-after' --exec ./sample
 *
 * The statements of test_info_getsockopt() are the mail's, word for word, and so
 * are the structures. Added is what the archive lost, the closing braces and the
 * body of the last loop; what the mail leaves to the reader, the check of the
 * error and a result; and, marked, the comparison with what it says of the
 * answer. The option's number is the one that the patch in lab/patches gives it.
 *
 * Exit status: 0 if what comes back is what the mail says of this many
 * subflows, 1 if not, 4 if this kernel does not have the option.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SOL_MPTCP 284
#define MPTCP_INFO_OPT 2021

struct mptcp_info_opt_ptr {
	__aligned_u64	address;			/* userspace address */
	__u32		nmemb_user;			/* number of elements in address[] */
	__u32		size_user;			/* size of one element in address[] */
	__u32		nmemb_kernel;			/* nmemb count kernel wanted to store */
	__u32		size_kernel;			/* structure size in kernel */
};

struct mptcp_info_opt {
	struct mptcp_info_opt_ptr mptcp_info;		/* struct mptcp_info */
	struct mptcp_info_opt_ptr tcp_info;		/* struct tcp_info[] of each subflow */
	struct mptcp_info_opt_ptr socknames;		/* struct sockaddr_storage[] */
	struct mptcp_info_opt_ptr peernames;		/* struct sockaddr_storage[] */
};

/* Added: the mail calls it and does not show it. */
static void fprintf_mptcp_info(FILE *to, const void *local, const void *remote)
{
	const void *ends[] = { local, remote };

	for (int i = 0; i < 2; i++) {
		const struct sockaddr_in *v4 = ends[i];
		const struct sockaddr_in6 *v6 = ends[i];
		char text[INET6_ADDRSTRLEN];

		if (v4->sin_family == AF_INET)
			inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
		else
			inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
		fprintf(to, "%s%s %u", i ? " -> " : "", text, ntohs(v4->sin_port));
	}
	fprintf(to, "\n");
}

static int wrong;

/* Added: what the mail says of the answer, in its words where it has some. */
static void expect(int holds, const char *sentence)
{
	if (!holds) {
		printf("does not hold: %s\n", sentence);
		wrong = 1;
	}
}

/* Sample call, error checks removed */
static int test_info_getsockopt(int fd)
{
	struct sockaddr_storage remotes[16], locals[16];
	struct mptcp_info mptcp_info;
	struct tcp_info tcpinfo[16];
	struct mptcp_info_opt m;
	socklen_t optlen = sizeof(m);
	uint32_t i;
	int err;

	memset(&m, 0, sizeof(m));
	m.mptcp_info.size_user = sizeof(mptcp_info);
	m.mptcp_info.address = (uint64_t)&mptcp_info;

	m.tcp_info.address = (uint64_t)tcpinfo;
	m.tcp_info.size_user = sizeof(tcpinfo[0]);
	m.tcp_info.nmemb_user = 16;

	m.socknames.size_user = sizeof(locals[0]);
	m.socknames.nmemb_user = 16;
	m.peernames.size_user = sizeof(remotes[0]);
	m.peernames.nmemb_user = 16;
	m.socknames.address = (uint64_t)locals;
	m.peernames.address = (uint64_t)remotes;

	err = getsockopt(fd, SOL_MPTCP, MPTCP_INFO_OPT, &m, &optlen);
	/* Added */
	if (err && (errno == EOPNOTSUPP || errno == ENOPROTOOPT)) {
		printf("no mptcp_info_opt on this socket or kernel: %s\n", strerror(errno));
		return 4;
	}
	if (err) {
		printf("the call fails: %s\n", strerror(errno));
		return 1;
	}

	printf("have %u subflows, token is %x\n", mptcp_info.mptcpi_subflows, mptcp_info.mptcpi_token);

	for (i = 0; i < m.socknames.nmemb_user; i++) {
		printf("subflow %02d: ", i);
		fprintf_mptcp_info(stdout, (void *)&locals[i], (void *)&remotes[i]);
	}

	printf("... dumped %u of %u addresses.\n",
			m.socknames.nmemb_user, m.socknames.nmemb_kernel);

	for (i = 0; i < m.tcp_info.nmemb_user; i++)
		printf("tcp_info %02d: state %u\n", i, tcpinfo[i].tcpi_state);

	/* Added, to the end of the function */
	const struct mptcp_info_opt_ptr *arrays[] = { &m.tcp_info, &m.socknames, &m.peernames };

	for (i = 0; i < 3; i++) {
		uint32_t all = arrays[i]->nmemb_kernel, user = arrays[i]->nmemb_user;

		expect(user <= 16, "nmemb_user will be anywhere between 0 and 16 inclusive");
		expect(user == (all < 16 ? all : 16),
		       "if there are 17 subflows then socknames.nmemb_user == 16 and socknames.nmemb_kernel == 17");
	}
	expect(m.tcp_info.size_user <= sizeof(tcpinfo[0]), "Not change, or shrink, size_user");
	expect(m.tcp_info.size_user == sizeof(tcpinfo[0]) ||
	       m.tcp_info.size_user == m.tcp_info.size_kernel,
	       "size_user is updated to reflect the real element size");
	expect(m.tcp_info.nmemb_kernel == m.socknames.nmemb_kernel &&
	       m.tcp_info.nmemb_kernel == m.peernames.nmemb_kernel, "one number of subflows");
	return wrong;
}

int main(void)
{
	return test_info_getsockopt(0);
}
