
/* The design of July 2021, under the number of the patch that adds it. */
struct info_opt_ptr {
	unsigned long address;
	unsigned int nmemb_user;
	unsigned int size_user;
	unsigned int nmemb_kernel;
	unsigned int size_kernel;
};
struct info_opt {
	struct info_opt_ptr mptcp_info;
	struct info_opt_ptr tcp_info;
	struct info_opt_ptr socknames;
	struct info_opt_ptr peernames;
};
_Static_assert(sizeof(struct info_opt) == 96, "as the kernel has it");
