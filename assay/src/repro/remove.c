static void remove_subflow(__u32 token, int n, __u16 port)
{
	begin(pm, PM_CMD_SUBFLOW_DESTROY);
	add(PM_ATTR_TOKEN, &token, sizeof(token));
	add_address(PM_ATTR_ADDR, n, port, 0, 0);
	add_address(PM_ATTR_ADDR_REMOTE, 0, ntohs(PORT), 0, 0);
	if (ask(NLM_F_ACK))
		skip("the subflow does not go away");
}
