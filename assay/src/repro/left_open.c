/* Bytes that depend on the moment: no expectation. */
static void left_open(const unsigned char *p, size_t len)
{
	memset(told + (p - mem), 1, len);
}
