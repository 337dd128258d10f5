#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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
