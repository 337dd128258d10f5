#include <arpa/inet.h>
#include <netinet/in.h>

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
