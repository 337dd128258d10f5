#include <netinet/in.h>
#include <sys/socket.h>

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
