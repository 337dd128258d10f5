/* Runs a program with some system calls refused: refuse NAME=ERRNO... -- PROGRAM ARGUMENT... */
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MPTCP 262

/* A system call; where `argument` is not -1, only with this value of that argument. */
struct kind { const char *name; long number; int argument; unsigned value; };

static const struct kind kinds[] = {
	{ "unshare", SYS_unshare, -1, 0 },
	{ "memfd_create", SYS_memfd_create, -1, 0 },
	{ "mptcp", SYS_socket, 2, MPTCP },
	{ "netlink", SYS_socket, 0, AF_NETLINK },
	{ "netlink_option", SYS_setsockopt, 1, SOL_NETLINK },
	{ "clone3", SYS_clone3, -1, 0 },
	{ "clone", SYS_clone, -1, 0 },
};

#define LOAD(field) \
	(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(wanted, skip) \
	(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, skip)
#define RETURN(what) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what)

int main(int argc, char **argv)
{
	struct sock_filter program[128];
	unsigned short len = 0;
	int at = 1;

	for (; at < argc && strcmp(argv[at], "--"); at++) {
		const struct kind *kind = NULL;
		char *sign = strchr(argv[at], '=');

		for (size_t i = 0; sign && i < sizeof(kinds) / sizeof(*kinds); i++)
			if (strlen(kinds[i].name) == (size_t)(sign - argv[at]) &&
			    !strncmp(kinds[i].name, argv[at], sign - argv[at]))
				kind = &kinds[i];
		if (!kind || len > 120) {
			fprintf(stderr, "refuse: %s\n", argv[at]);
			return 125;
		}
		program[len++] = LOAD(nr);
		program[len++] = UNLESS(kind->number, kind->argument < 0 ? 1 : 3);
		if (kind->argument >= 0) {
			program[len++] = LOAD(args[kind->argument]);
			program[len++] = UNLESS(kind->value, 1);
		}
		program[len++] = RETURN(SECCOMP_RET_ERRNO | atoi(sign + 1));
	}
	program[len++] = RETURN(SECCOMP_RET_ALLOW);

	struct sock_fprog filter = { len, program };

	if (at + 1 >= argc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) {
		perror("refuse");
		return 125;
	}
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 125;
}
