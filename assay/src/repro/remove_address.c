/* Takes an address away from the client, and the subflow from there. */
static void remove_address(__u32 token, __u8 id)
{
	begin(pm, PM_CMD_REMOVE);
	add(PM_ATTR_TOKEN, &token, sizeof(token));
	add(PM_ATTR_LOC_ID, &id, sizeof(id));
	if (ask(NLM_F_ACK))
		skip("the address does not go away");
}
