
/* struct mptcp_subflow_data, which old headers lack */
struct subflow_data {
	unsigned int size_subflow_data;
	unsigned int num_subflows;
	unsigned int size_kernel;
	unsigned int size_user;
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct subflow_data) == 16, "as the kernel has it");
