static __u16 event_port(int attr)
{
	return *(__u16 *)find(msg.attrs, end_of_msg(), attr);
}
