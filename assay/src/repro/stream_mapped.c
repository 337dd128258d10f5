#include <arpa/inet.h>
#include <netinet/in.h>

#define FAMILY	AF_INET6
#define PORT	to.sin6_port

/* Where the listener stands: the port is the kernel's choice. */
static struct sockaddr_in6 to;

static void loopback(void)
{
	memset(&to, 0, sizeof(to));
	to.sin6_family = AF_INET6;
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
}
