#include <arpa/inet.h>

/* The client's address of a subflow: 127.0.0.1, 127.0.0.2, ... */
static void add_ip(int n)
{
	__u16 family = AF_INET;
	__u32 ip = htonl(INADDR_LOOPBACK + n);

	add(ADDR_ATTR_FAMILY, &family, sizeof(family));
	add(ADDR_ATTR_ADDR4, &ip, sizeof(ip));
}
