#include <sys/socket.h>

static int stream(int protocol)
{
	int fd = socket(FAMILY, SOCK_STREAM, protocol);

	if (fd < 0)
		skip(protocol == IPPROTO_MPTCP ? "no MPTCP" : "no TCP");
	return fd;
}
