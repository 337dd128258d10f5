
/* struct mptcp_full_info up to its mptcp_info, which old headers lack */
struct full_info {
	unsigned int size_tcpinfo_kernel;
	unsigned int size_tcpinfo_user;
	unsigned int size_sfinfo_kernel;
	unsigned int size_sfinfo_user;
	unsigned int num_subflows;
	unsigned int size_arrays_user;
	unsigned long subflow_info;
	unsigned long tcp_info;
};
_Static_assert(sizeof(struct full_info) == 40, "as the kernel has it");
