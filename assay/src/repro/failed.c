static void failed(const unsigned char *p, const char *name, va_list args)
{
	failures++;
	printf("not ok: ");
	vprintf(name, args);
	printf(" (");
	print_where(p);
	printf("): ");
}

