#include "device/flow.h"

#include "shared/clock.h"

/* The time that the receiver and its ACK may take on top of the shortest round trip. */
#define ALLOWANCE_NS (2 * CLOCK_MS)
/* Asking the kernel costs a system call. */
#define MEASURE_EVERY_NS (100 * CLOCK_MS)

bool flow_may_start(const struct flow *flow)
{
    if (flow->count == 0)
        return true;
    return flow->count < FLOW_FRAMES && flow->unacked < flow->budget;
}

void flow_sent(struct flow *flow, uint64_t id, uint64_t bytes)
{
    if (flow->count == FLOW_FRAMES)
        return;
    unsigned last = (flow->first + flow->count++) % FLOW_FRAMES;
    flow->sent[last].id = id;
    flow->sent[last].bytes = bytes;
    flow->unacked += bytes;
}

static void measure(struct flow *flow, struct transport *transport, uint64_t now_ns)
{
    struct transport_path path;
    if (now_ns - flow->measured_ns < MEASURE_EVERY_NS)
        return;
    flow->measured_ns = now_ns;
    flow->budget = 0;
    if (transport->ops->path(transport, &path) == 0)
        flow->budget = (uint64_t)((double)path.bytes_per_second *
                                  (double)(path.min_rtt_ns + ALLOWANCE_NS) / 1e9);
}

void flow_acked(struct flow *flow, uint64_t id, struct transport *transport, uint64_t now_ns)
{
    unsigned frames = 0;
    while (frames < flow->count && flow->sent[(flow->first + frames) % FLOW_FRAMES].id != id)
        frames++;
    if (frames == flow->count)
        return;
    for (frames++; frames > 0; frames--) {
        flow->unacked -= flow->sent[flow->first].bytes;
        flow->first = (flow->first + 1) % FLOW_FRAMES;
        flow->count--;
    }
    measure(flow, transport, now_ns);
}
