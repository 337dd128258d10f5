#include <fcntl.h>

/* A SYN to a listener whose queue is full gets no answer. */
static int connecting(void)
{
	int fd, filler;

	listener(IPPROTO_TCP, 0);
	filler = stream(IPPROTO_TCP);
	if (connect(filler, (struct sockaddr *)&to, sizeof(to)))
		skip("connect");
	fd = stream(IPPROTO_MPTCP);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) ||
	    !connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    errno != EINPROGRESS)
		skip("connect without an answer");
	return fd;
}
