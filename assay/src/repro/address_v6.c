#include <arpa/inet.h>
#include <net/route.h>
#include <sys/ioctl.h>

/* The client's address of a subflow: ::1, fd00::2, fd00::3, ... */
static void add_ip(int n)
{
	__u16 family = AF_INET6;
	struct in6_addr ip = in6addr_loopback;

	if (n)
		inet_pton(AF_INET6, "fd00::", &ip);
	ip.s6_addr[15] = n + 1;
	add(ADDR_ATTR_FAMILY, &family, sizeof(family));
	add(ADDR_ATTR_ADDR6, &ip, sizeof(ip));
}

/* All of fd00::/64 is ours, at once. */
static void own_network(void)
{
	struct in6_rtmsg route = {
		.rtmsg_type = 2,	/* RTN_LOCAL */
		.rtmsg_dst_len = 64,
		.rtmsg_metric = 1,
		.rtmsg_flags = RTF_UP | RTF_LOCAL,
		.rtmsg_ifindex = 1,	/* lo */
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	inet_pton(AF_INET6, "fd00::", &route.rtmsg_dst);
	if (fd < 0 || ioctl(fd, SIOCADDRT, &route) ||
	    set_sysctl("/proc/sys/net/ipv6/ip_nonlocal_bind", "1"))
		skip("no addresses for subflows");
	close(fd);
}
