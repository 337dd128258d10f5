static void read_end(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}
