/* From so many addresses the kernel itself makes subflows. */
static void make_endpoints(int count)
{
	__u32 accepted = 3, subflows = count;
	int n;

	begin(pm, PM_CMD_SET_LIMITS);
	add(PM_ATTR_RCV_ADD_ADDRS, &accepted, sizeof(accepted));
	add(PM_ATTR_SUBFLOWS, &subflows, sizeof(subflows));
	if (ask(NLM_F_ACK))
		skip("no limits");
	for (n = 1; n <= count; n++) {
		begin(pm, PM_CMD_ADD_ADDR);
		add_address(PM_ATTR_ADDR, n, 0, n, ADDR_FLAG_SUBFLOW);
		if (ask(NLM_F_ACK))
			skip("no endpoint");
	}
}
