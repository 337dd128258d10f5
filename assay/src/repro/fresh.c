#include <netinet/in.h>
#include <sys/socket.h>

static int fresh(int family, int protocol)
{
	int fd = socket(family, SOCK_STREAM, protocol);

	if (fd < 0)
		skip("no MPTCP");
	return fd;
}
