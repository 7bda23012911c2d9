/*
 * A path between two network namespaces that delays and loses packets as Wi-Fi does.
 *
 *     lossy_path NETNS NETNS DELAY_US LOSS_PER_1000 BURST OUTAGE_MS EVERY_MS
 *
 * Each namespace (by its name, as ip(8) has them) gets an interface link0. What leaves by one comes
 * in at the other after the delay. Of 1000 packets so many are lost each way, BURST of them in a
 * row; and all of them during an outage at the end of each EVERY_MS. The same packets by number are
 * lost in each run. Prints "ready", and ends with a signal; the interfaces go with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shared/base/clock.h"

/* A path of 4 ms at 1 Gbit/s holds some 350 packets. */
enum { PACKET_MAX = 2048, PACKETS = 1024 };

struct conditions {
    uint64_t delay_ns, burst_ns, outage_ns, every_ns, begin_ns;
    unsigned loss_per_1000;
};

/* One direction. */
struct way {
    int from, to;
    uint64_t random;
    uint64_t lost_until_ns;
    unsigned first, count;
    struct packet {
        uint64_t due_ns;
        size_t size;
        uint8_t bytes[PACKET_MAX];
    } packets[PACKETS]; /* a ring */
};

static void fail(const char *what)
{
    fprintf(stderr, "lossy_path: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The end of a tunnel in that namespace, as a descriptor that each read() gives a packet of. */
static int open_link(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "/run/netns/%s", name);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET))
        fail(path);
    close(space);
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    struct ifreq request = { .ifr_name = "link0", .ifr_flags = IFF_TUN | IFF_NO_PI };
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
        fail("/dev/net/tun");
    return fd;
}

/* xorshift64*: 0 to 1, the same sequence in each run. */
static double draw(struct way *way)
{
    way->random ^= way->random >> 12;
    way->random ^= way->random << 25;
    way->random ^= way->random >> 27;
    return (double)(way->random * UINT64_C(2685821657736338717) >> 11) / (double)(1ull << 53);
}

static bool is_lost(struct way *way, const struct conditions *conditions, uint64_t now_ns)
{
    if (conditions->outage_ns && (now_ns - conditions->begin_ns) % conditions->every_ns >=
                                     conditions->every_ns - conditions->outage_ns)
        return true;
    if (now_ns < way->lost_until_ns)
        return true;
    bool lost = draw(way) < conditions->loss_per_1000 / 1000.0;
    if (lost)
        way->lost_until_ns = now_ns + conditions->burst_ns;
    return lost;
}

static void take_in(struct way *way, const struct conditions *conditions)
{
    for (;;) {
        struct packet *packet = &way->packets[(way->first + way->count) % PACKETS];
        static uint8_t spare[PACKET_MAX];
        bool full = way->count == PACKETS;
        ssize_t got = read(way->from, full ? spare : packet->bytes, PACKET_MAX);
        if (got <= 0)
            return;
        uint64_t now_ns = clock_monotonic();
        if (full || is_lost(way, conditions, now_ns))
            continue;
        packet->size = (size_t)got;
        packet->due_ns = now_ns + conditions->delay_ns;
        way->count++;
    }
}

/* Returns when the next one is due. */
static uint64_t give_out(struct way *way)
{
    while (way->count > 0) {
        const struct packet *packet = &way->packets[way->first];
        if (packet->due_ns > clock_monotonic())
            return packet->due_ns;
        ssize_t written = write(way->to, packet->bytes, packet->size);
        (void)written; /* an interface that is down, or a full queue, loses it */
        way->first = (way->first + 1) % PACKETS;
        way->count--;
    }
    return UINT64_MAX;
}

static void carry(struct way ways[2], const struct conditions *conditions)
{
    for (;;) {
        uint64_t due_ns = give_out(&ways[0]), other_ns = give_out(&ways[1]);
        due_ns = due_ns < other_ns ? due_ns : other_ns;
        uint64_t now_ns = clock_monotonic();
        struct timespec left = clock_timespec(due_ns > now_ns ? due_ns - now_ns : 0);
        struct pollfd ready[2] = { { ways[0].from, POLLIN, 0 }, { ways[1].from, POLLIN, 0 } };
        if (ppoll(ready, 2, due_ns == UINT64_MAX ? NULL : &left, NULL) < 0 && errno != EINTR)
            fail("poll");
        for (int i = 0; i < 2; i++)
            take_in(&ways[i], conditions);
    }
}

int main(int argc, char **argv)
{
    static struct way ways[2];
    if (argc != 8) {
        fprintf(stderr, "usage: lossy_path NETNS NETNS DELAY_US LOSS_PER_1000 BURST_US OUTAGE_MS "
                        "EVERY_MS\n");
        return 2;
    }
    struct conditions conditions = { .delay_ns = strtoull(argv[3], NULL, 10) * 1000,
                                     .loss_per_1000 = (unsigned)strtoul(argv[4], NULL, 10),
                                     .burst_ns = strtoull(argv[5], NULL, 10) * 1000,
                                     .outage_ns = strtoull(argv[6], NULL, 10) * CLOCK_MS,
                                     .every_ns = strtoull(argv[7], NULL, 10) * CLOCK_MS };
    if (conditions.outage_ns && conditions.every_ns == 0)
        return 2;
    prctl(PR_SET_TIMERSLACK, 1);
    int here = open_link(argv[1]), there = open_link(argv[2]);
    ways[0] = (struct way){ .from = here, .to = there, .random = 1 };
    ways[1] = (struct way){ .from = there, .to = here, .random = 2 };
    conditions.begin_ns = clock_monotonic();
    puts("ready");
    fflush(stdout);
    carry(ways, &conditions);
}
