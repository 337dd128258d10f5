static void talk(int from, int into, size_t len)
{
	char data[1500] = { 0 };
	ssize_t ret;

	if (send(from, data, len, 0) != (ssize_t)len)
		skip("send");
	for (; len; len -= ret) {
		ret = recv(into, data, len, 0);
		if (ret <= 0)
			skip("recv");
	}
}
