#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "int $0x80 is for x86-64"
#endif

/* Above the addresses of a 32-bit program, where the kernel does not look. */
#define UPPER	(0x5a5a5a5aUL << 32)

/* As a 32-bit program calls: the lower half of each register counts. */
static int call_compat(int fd, int level, int option,
		       unsigned long optval, unsigned long optlen)
{
	long ret = 365;	/* getsockopt */

	__asm__ volatile("int $0x80"
			 : "+a" (ret)
			 : "b" ((long)fd), "c" ((long)level),
			   "d" ((long)option), "S" (optval), "D" (optlen)
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int)ret >= 0)
		return 0;
	errno = -(int)ret;
	return -1;
}

/* Without such calls in the kernel this is a SIGSEGV. */
static void need_compat(void)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		signal(SIGSEGV, _exit);
		_exit(call_compat(-1, 0, 0, 0, 0) != -1 || errno != EBADF);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	errno = 0;
	if (status)
		skip("the kernel takes no calls of 32-bit programs: it needs "
		     "CONFIG_IA32_EMULATION, and maybe ia32_emulation=on");
}
