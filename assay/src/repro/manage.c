/* Who makes the subflows of sockets that are made from now on. */
static void manage(int by_userspace)
{
	if (set_sysctl("/proc/sys/net/mptcp/path_manager",
		       by_userspace ? "userspace" : "kernel") &&
	    set_sysctl("/proc/sys/net/mptcp/pm_type", by_userspace ? "1" : "0"))
		skip("no choice of path manager");
}
