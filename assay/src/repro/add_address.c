static void add_address(int type, int n, __u16 port, __u8 id, __u32 flags)
{
	struct nlattr *nest = add(type, NULL, 0);

	nest->nla_type |= NLA_F_NESTED;
	add_ip(n);
	if (port)
		add(ADDR_ATTR_PORT, &port, sizeof(port));
	if (id)
		add(ADDR_ATTR_ID, &id, sizeof(id));
	if (flags)
		add(ADDR_ATTR_FLAGS, &flags, sizeof(flags));
	nest->nla_len = end_of_msg() - (char *)nest;
}
