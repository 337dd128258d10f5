#include <stdarg.h>

/* A number of so many bytes. */
__attribute__((format(printf, 4, 5)))
static void expect(const unsigned char *p, size_t len,
		   unsigned long long want, const char *name, ...)
{
	unsigned long long got = 0;
	va_list args;

	memcpy(&got, p, len);
	memset(told + (p - mem), 1, len);
	checks++;
	if (got == want)
		return;
	va_start(args, name);
	failed(p, name, args);
	va_end(args);
	if ((got | want) < 0x10000)
		printf("expected %llu, got %llu\n", want, got);
	else
		printf("expected %#llx, got %#llx\n", want, got);
}
