/* Nothing on either side, and all of it below 4 GiB. */
#define GUARD	(4UL << 20)
#define MAP_LOW	MAP_32BIT
