/* The client's token: of both ends' events, the one towards the listener. */
static __u32 client_token(void)
{
	do {
		await(EVENT_CREATED);
	} while (event_port(EVENT_ATTR_DPORT) != PORT);
	return *(__u32 *)find(msg.attrs, end_of_msg(), EVENT_ATTR_TOKEN);
}
