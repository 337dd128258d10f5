#include <fcntl.h>
#include <unistd.h>

static int set_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	int ret = -1;

	if (fd >= 0) {
		ret = write(fd, value, strlen(value)) < 0 ? -1 : 0;
		close(fd);
	}
	return ret;
}
