/* Nothing on either side, as far as any 31-bit offset or size leads. */
#define GUARD	(4UL << 30)
#define MAP_LOW	0
