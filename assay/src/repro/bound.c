static int bound(int protocol)
{
	int fd = stream(protocol);
	socklen_t len = sizeof(to);

	loopback();
	if (bind(fd, (struct sockaddr *)&to, len) ||
	    getsockname(fd, (void *)&to, &len))
		skip("bind");
	return fd;
}
