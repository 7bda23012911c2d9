#include "host/lib/black_hole.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

/* An IPv6 packet of 1280 bytes and an IPv4 packet of 576 bytes: what every network must carry. */
enum { SEGMENT_SMALL = 1220, SEGMENT_SMALLEST = 536 };

/* So much later than the last data the last acknowledgement has come. */
enum { ACKED_AFTER_MS = 1000 };

unsigned black_hole_smaller(unsigned max_segment)
{
    if (max_segment == 0 || max_segment > SEGMENT_SMALL)
        return SEGMENT_SMALL;
    return max_segment > SEGMENT_SMALLEST ? SEGMENT_SMALLEST : 0;
}

/* The kernel chooses by its own link, and the peer may rightly use less: what tells is whether
 * anything came that is larger than what would be asked for next. Once we have asked, it is whether
 * any packet was full. */
static bool large_ones_came(const struct tcp_info *info, unsigned max_segment)
{
    return max_segment ? info->tcpi_rcv_mss >= info->tcpi_advmss
                       : info->tcpi_rcv_mss > SEGMENT_SMALL;
}

/* What the peer has seen twice was not lost, only acknowledged late. */
bool black_hole_shows(const struct tcp_info *info, unsigned max_segment)
{
    return !large_ones_came(info, max_segment) &&
           info->tcpi_last_data_recv >= info->tcpi_last_ack_recv + ACKED_AFTER_MS &&
           info->tcpi_total_retrans <= info->tcpi_dsack_dups;
}

bool black_hole_suspected(int fd, unsigned max_segment)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           size >= offsetof(struct tcp_info, tcpi_dsack_dups) + sizeof(info.tcpi_dsack_dups) &&
           black_hole_shows(&info, max_segment);
}
