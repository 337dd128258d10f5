/* Makes subflow n, and returns its port at the client. */
static __u16 join(__u32 token, int n, __u32 flags)
{
	int tries = 0, ends = 2;
	__u16 port = 0;

	do {	/* until the connection is fully established */
		usleep(1000);
		begin(pm, PM_CMD_SUBFLOW_CREATE);
		add(PM_ATTR_TOKEN, &token, sizeof(token));
		add_address(PM_ATTR_ADDR, n, 0, n, flags);
		add_address(PM_ATTR_ADDR_REMOTE, 0, ntohs(PORT), 0, 0);
	} while (ask(NLM_F_ACK) && ++tries < 2000);
	if (tries == 2000)
		skip("no subflow");
	while (ends--) {
		await(EVENT_SUB_ESTABLISHED);
		if (event_port(EVENT_ATTR_DPORT) == PORT)
			port = ntohs(event_port(EVENT_ATTR_SPORT));
	}
	return port;
}
