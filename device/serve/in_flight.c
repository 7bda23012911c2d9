#include "device/serve/in_flight.h"

#include "shared/base/clock.h"

/* The time that the receiver and its ACK may take on top of the shortest round trip. */
#define ALLOWANCE_NS (2 * CLOCK_MS)
/* Asking the kernel costs a system call. */
#define MEASURE_EVERY_NS (100 * CLOCK_MS)

bool in_flight_may_start(const struct in_flight *in_flight)
{
    if (in_flight->count == 0)
        return true;
    return in_flight->count < IN_FLIGHT_FRAMES && in_flight->unacked < in_flight->budget;
}

void in_flight_sent(struct in_flight *in_flight, uint64_t id, uint64_t bytes)
{
    if (in_flight->count == IN_FLIGHT_FRAMES)
        return;
    unsigned last = (in_flight->first + in_flight->count++) % IN_FLIGHT_FRAMES;
    in_flight->sent[last].id = id;
    in_flight->sent[last].bytes = bytes;
    in_flight->unacked += bytes;
}

static void measure(struct in_flight *in_flight, struct transport *transport, uint64_t now_ns)
{
    struct transport_path path;
    if (now_ns - in_flight->measured_ns < MEASURE_EVERY_NS)
        return;
    in_flight->measured_ns = now_ns;
    in_flight->budget = 0;
    if (transport->ops->path(transport, &path) == 0)
        in_flight->budget = (uint64_t)((double)path.bytes_per_second *
                                       (double)(path.min_rtt_ns + ALLOWANCE_NS) / 1e9);
}

void in_flight_acked(struct in_flight *in_flight, uint64_t id, struct transport *transport,
                     uint64_t now_ns)
{
    unsigned frames = 0;
    while (frames < in_flight->count &&
           in_flight->sent[(in_flight->first + frames) % IN_FLIGHT_FRAMES].id != id)
        frames++;
    if (frames == in_flight->count)
        return;
    for (frames++; frames > 0; frames--) {
        in_flight->unacked -= in_flight->sent[in_flight->first].bytes;
        in_flight->first = (in_flight->first + 1) % IN_FLIGHT_FRAMES;
        in_flight->count--;
    }
    measure(in_flight, transport, now_ns);
}
