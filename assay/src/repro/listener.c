static int listener(int protocol, int backlog)
{
	int fd = bound(protocol);

	if (listen(fd, backlog))
		skip("listen");
	return fd;
}
