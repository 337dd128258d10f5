#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void skip(const char *why)
{
	printf("1..0 # SKIP %s%s%s\n", why, errno ? ": " : "",
	       errno ? strerror(errno) : "");
	exit(4);
}
