#include "device/camera/pacing.h"

void pacing_init(struct pacing *pacing, bool paced, uint64_t period_ns, struct pace_probe probe,
                 uint64_t now_ns)
{
    *pacing =
        (struct pacing){ .probe = probe, .paced = paced, .period_ns = period_ns, .due_ns = now_ns };
}

bool pacing_frame(struct pacing *pacing, uint64_t now_ns, uint32_t sequence, unsigned left)
{
    const enum pace_probe_state before = pacing->probe.state;
    if (pacing->paced)
        return false;
    pace_probe_frame(&pacing->probe, now_ns, sequence, left);
    if (pacing->probe.state == before)
        return false;
    if (pacing->probe.state == PACE_PROBE_DRAINING)
        pacing->due_ns = UINT64_MAX;
    if (pacing->probe.state == PACE_PROBE_WAITING)
        pacing->due_ns = pacing->probe.until_ns;
    if (pacing->probe.state == PACE_PROBE_UNPACED) {
        pacing->paced = true;
        pacing->due_ns = now_ns + pacing->period_ns;
    }
    return true;
}

bool pacing_holds(const struct pacing *pacing, uint64_t now_ns)
{
    return pacing->paced || pace_probe_holds(&pacing->probe, now_ns);
}

void pacing_allow(struct pacing *pacing, uint64_t min_ns)
{
    if (min_ns < pacing->probe.min_ns)
        pacing->probe.min_ns = min_ns;
}

void pacing_take(struct pacing *pacing, uint64_t now_ns)
{
    uint64_t period = pacing->paced ? pacing->period_ns : 0;
    uint64_t earliest = now_ns > period ? now_ns - period : 0;
    pacing->due_ns += period;
    if (pacing->due_ns < earliest)
        pacing->due_ns = earliest;
}
