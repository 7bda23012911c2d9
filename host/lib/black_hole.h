/*
 * A path that loses large packets without telling anybody (a black hole for path MTU discovery, RFC
 * 2923), as behind some VPNs and PPPoE lines. Small messages get through it, and the first frame
 * never does. Who receives can make the other side send small packets: by the largest segment that
 * it announces when it connects.
 */
#ifndef PITETHER_HOST_LIB_BLACK_HOLE_H
#define PITETHER_HOST_LIB_BLACK_HOLE_H

#include <linux/tcp.h>
#include <stdbool.h>

/* What to announce in place of segments of so many bytes (TCP_MAXSEG; 0: the kernel's choice), if
 * those are too large; 0: there is nothing smaller to try. */
unsigned black_hole_smaller(unsigned max_segment);

/* Whether a connection of that max_segment, on which nothing has come for 2.5 s although something
 * was to come, looks like that: what we say is acknowledged at once, and nothing came in a packet
 * that smaller ones would spare. A network that was cut, however briefly, does not look like that,
 * nor does one that is slow. */
bool black_hole_shows(const struct tcp_info *info, unsigned max_segment);

/* The same of a socket; false for one that is not TCP's, or if the kernel does not tell. */
bool black_hole_suspected(int fd, unsigned max_segment);

#endif
