/* So many bytes, all of them 0. */
__attribute__((format(printf, 3, 4)))
static void expect_zeros(const unsigned char *p, size_t len,
			 const char *name, ...)
{
	va_list args;
	size_t i;

	memset(told + (p - mem), 1, len);
	checks++;
	for (i = 0; i < len && !p[i]; i++)
		;
	if (i == len)
		return;
	va_start(args, name);
	failed(p, name, args);
	va_end(args);
	printf("expected %zu zeros, byte %zu is %#x\n", len, i, p[i]);
}
