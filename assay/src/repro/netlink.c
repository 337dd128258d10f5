#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

/* linux/mptcp.h, which not every system has */
enum { PM_ATTR_ADDR = 1, PM_ATTR_RCV_ADD_ADDRS, PM_ATTR_SUBFLOWS,
       PM_ATTR_TOKEN, PM_ATTR_LOC_ID, PM_ATTR_ADDR_REMOTE };
enum { ADDR_ATTR_FAMILY = 1, ADDR_ATTR_ID, ADDR_ATTR_ADDR4, ADDR_ATTR_ADDR6,
       ADDR_ATTR_PORT, ADDR_ATTR_FLAGS };
enum { PM_CMD_ADD_ADDR = 1, PM_CMD_SET_LIMITS = 5, PM_CMD_REMOVE = 9,
       PM_CMD_SUBFLOW_CREATE, PM_CMD_SUBFLOW_DESTROY };
enum { ADDR_FLAG_SUBFLOW = 2, ADDR_FLAG_BACKUP = 4 };
enum { EVENT_CREATED = 1, EVENT_SUB_ESTABLISHED = 10 };
enum { EVENT_ATTR_TOKEN = 1, EVENT_ATTR_SPORT = 9, EVENT_ATTR_DPORT };

static int requests, events, pm;
static struct {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[4096];
} msg;

static char *end_of_msg(void)
{
	return (char *)&msg + NLMSG_ALIGN(msg.nlh.nlmsg_len);
}

static void begin(int family, int cmd)
{
	memset(&msg, 0, sizeof(msg));
	msg.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg.nlh.nlmsg_type = family;
	msg.nlh.nlmsg_flags = NLM_F_REQUEST;
	msg.genl.cmd = cmd;
	msg.genl.version = 1;
}

static struct nlattr *add(int type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)end_of_msg();

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	msg.nlh.nlmsg_len = end_of_msg() - (char *)&msg +
			    NLA_ALIGN(attr->nla_len);
	return attr;
}

/* Sends what was put together and receives the answer to it. */
static int ask(int flags)
{
	int *error = (int *)&msg.genl;	/* the payload of NLMSG_ERROR */

	msg.nlh.nlmsg_flags |= flags;
	if (send(requests, &msg, msg.nlh.nlmsg_len, 0) < 0 ||
	    recv(requests, &msg, sizeof(msg), 0) < 0)
		skip("netlink");
	if (msg.nlh.nlmsg_type == NLMSG_ERROR && *error) {
		errno = -*error;
		return -1;
	}
	return 0;
}

/* The payload of the first attribute of a type. */
static void *find(char *from, char *end, int type)
{
	while (from < end) {
		struct nlattr *attr = (struct nlattr *)from;

		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return from + NLA_HDRLEN;
		from += NLA_ALIGN(attr->nla_len);
	}
	skip("no such netlink attribute");
	return NULL;
}

static char *end_of(void *payload)
{
	struct nlattr *attr = (void *)((char *)payload - NLA_HDRLEN);

	return (char *)attr + attr->nla_len;
}

/* With a path manager in user space a server takes joins if one listens. */
static void listen_to_events(void)
{
	static const char name[] = "mptcp_pm", group[] = "mptcp_pm_events";
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	char *groups, *one;
	int i = 0;

	requests = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	events = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (requests < 0 || events < 0 ||
	    bind(events, (struct sockaddr *)&self, sizeof(self)))
		skip("no generic netlink");
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	add(CTRL_ATTR_FAMILY_NAME, name, sizeof(name));
	if (ask(0))
		skip("no mptcp_pm");
	groups = find(msg.attrs, end_of_msg(), CTRL_ATTR_MCAST_GROUPS);
	do {
		one = find(groups, end_of(groups), ++i);
	} while (strcmp(find(one, end_of(one), CTRL_ATTR_MCAST_GRP_NAME),
			group));
	if (setsockopt(events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       find(one, end_of(one), CTRL_ATTR_MCAST_GRP_ID), 4))
		skip("no path manager events");
	pm = *(__u16 *)find(msg.attrs, end_of_msg(), CTRL_ATTR_FAMILY_ID);
}

static void await(int event)
{
	do {
		if (recv(events, &msg, sizeof(msg), 0) < 0)
			skip("no event");
	} while (msg.genl.cmd != event);
}
