#include "host/lib/clock_sync.h"

#include "shared/base/clock.h"

/* How far the two clocks' paces may differ before it was measured: cheap crystals are within 50 ppm
 * each over their range of temperature. */
#define RATE_BOUND 100e-6
/* And how far where the measurements show that it is more, for a clock that NTP slews: adjtimex(2)
 * allows for 500 ppm by frequency, and some more by phase. */
#define RATE_BOUND_MOST 1000e-6
/* How fast that difference may change, per ns: 0.05 ppm a second is a crystal of 0.5 ppm/K in a box
 * that warms up by 0.1 K a second. */
#define WANDER (0.05e-6 / 1e9)
/* For each so long a mark is kept: 16 of them reach back to where wander makes older ones useless.
 */
#define MARK_NS (8 * CLOCK_SECOND)
/* No exchange lasts longer; it keeps all sums far from overflowing. */
#define DELAY_MOST_NS (UINT64_C(1) << 60)

/* The two clocks' differences are two's complement, which wraps around. */
static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* The most that the offset gains within `ns`, at a rate of at most `rate` at one end of that time:
 * rounded up, also of a loss. */
static int64_t gain(const struct clock_sync *sync, double rate, uint64_t ns)
{
    double time = (double)ns;
    double max = sync->rate_bound * time, likely = (rate + WANDER * time / 2) * time;
    double gain = likely < max ? likely : max;
    return gain == 0 ? 0 : (int64_t)gain + (gain > 0);
}

static void forget(struct clock_sync *sync, double rate_bound)
{
    *sync = (struct clock_sync){ .epoch = sync->epoch,
                                 .asleep = sync->asleep,
                                 .rate_bound = rate_bound,
                                 .rate_low = -rate_bound,
                                 .rate_high = rate_bound };
}

void clock_sync_begin(struct clock_sync *sync, uint64_t epoch)
{
    if (epoch == sync->epoch)
        return;
    forget(sync, RATE_BOUND);
    sync->epoch = epoch;
}

void clock_sync_asleep(struct clock_sync *sync, int64_t min, int64_t max)
{
    if (minus(min, sync->asleep) > 0)
        forget(sync, RATE_BOUND);
    /* The two clocks are read one after the other: never more than it was at some time. */
    if (!sync->known || minus(max, sync->asleep) < 0)
        sync->asleep = max;
}

/* What is known of the offset at a host time before or after the last PONG. */
static struct clock_bounds bounds_at(const struct clock_sync *sync, uint64_t at)
{
    const struct clock_bounds *now = &sync->now;
    bool later = at > now->at;
    uint64_t passed = later ? at - now->at : now->at - at;
    int64_t fallen = gain(sync, later ? -sync->rate_low : sync->rate_high, passed);
    int64_t risen = gain(sync, later ? sync->rate_high : -sync->rate_low, passed);
    return (struct clock_bounds){ at, minus(now->low, fallen), plus(now->high, risen) };
}

/* Brings what is known to host time `now`, which is not earlier. */
static void advance(struct clock_sync *sync, uint64_t now)
{
    double wander = WANDER * (double)(now - sync->now.at);
    sync->now = bounds_at(sync, now);
    sync->rate_low -= wander;
    sync->rate_high += wander;
    if (sync->rate_low < -sync->rate_bound)
        sync->rate_low = -sync->rate_bound;
    if (sync->rate_high > sync->rate_bound)
        sync->rate_high = sync->rate_bound;
}

/* Whether the two have anything in common; if so, that remains. */
static bool narrow(struct clock_bounds *known, const struct clock_bounds *measured)
{
    if (minus(measured->low, known->high) > 0 || minus(known->low, measured->high) > 0)
        return false;
    if (minus(measured->low, known->low) > 0)
        known->low = measured->low;
    if (minus(known->high, measured->high) > 0)
        known->high = measured->high;
    return true;
}

/* What the time from a mark to now shows of the rate: its mean over that time, from which it may
 * differ by the wander in half of it. False: it contradicts what is known. */
static bool narrow_rate(struct clock_sync *sync, const struct clock_bounds *mark)
{
    double passed = (double)(sync->now.at - mark->at);
    if (passed <= 0)
        return true;
    double wander = WANDER * passed / 2;
    double low = (double)minus(sync->now.low, mark->high) / passed - wander;
    double high = (double)minus(sync->now.high, mark->low) / passed + wander;
    if (low > sync->rate_low)
        sync->rate_low = low;
    if (high < sync->rate_high)
        sync->rate_high = high;
    return sync->rate_low <= sync->rate_high;
}

static int64_t width(const struct clock_bounds *bounds)
{
    return minus(bounds->high, bounds->low);
}

static void keep_mark(struct clock_sync *sync)
{
    bool first = sync->mark_count == 0;
    if (first || sync->now.at - sync->mark_begun >= MARK_NS) {
        sync->newest = first ? 0 : (sync->newest + 1) % CLOCK_SYNC_MARKS;
        sync->mark_count += sync->mark_count < CLOCK_SYNC_MARKS;
        sync->mark_begun = sync->now.at;
    } else if (width(&sync->now) >= width(&sync->marks[sync->newest])) {
        return;
    }
    sync->marks[sync->newest] = sync->now;
}

/* False: it contradicts what is known. */
static bool take(struct clock_sync *sync, const struct clock_bounds *measured)
{
    if (!narrow(&sync->now, measured))
        return false;
    for (unsigned i = 0; i < sync->mark_count; i++)
        if (!narrow_rate(sync, &sync->marks[i]))
            return false;
    return true;
}

/* What was known is true no more. If the clocks have drifted apart faster than they may, and have
 * not jumped, more is possible from here on. */
static void begin_anew(struct clock_sync *sync, const struct clock_bounds *known,
                       const struct clock_bounds *measured)
{
    double bound = sync->rate_bound, passed = (double)(measured->at - known->at);
    double up = (double)minus(measured->low, known->high);
    double down = (double)minus(known->low, measured->high);
    if ((up > down ? up : down) <= RATE_BOUND_MOST * passed)
        bound = 2 * bound < RATE_BOUND_MOST ? 2 * bound : RATE_BOUND_MOST;
    forget(sync, bound);
    sync->now = *measured;
}

void clock_sync_add(struct clock_sync *sync, uint64_t t1, uint64_t t2, uint64_t t3, uint64_t t4)
{
    if (t4 < t1 || t3 < t2 || t3 - t2 > t4 - t1 || t4 - t1 - (t3 - t2) > DELAY_MOST_NS ||
        (sync->known && t4 < sync->now.at))
        return;
    struct clock_bounds before = sync->now;
    if (sync->known)
        advance(sync, t4);
    else
        forget(sync, sync->rate_bound > 0 ? sync->rate_bound : RATE_BOUND);
    /* The PING was read after it was sent, and the PONG written before it was read; both are some
     * time ago by now. */
    int64_t fallen = gain(sync, -sync->rate_low, t4 - t1);
    int64_t risen = gain(sync, sync->rate_high, t4 - t1);
    struct clock_bounds measured = { t4, minus((int64_t)(t3 - t4), fallen > 0 ? fallen : 0),
                                     plus((int64_t)(t2 - t1), risen > 0 ? risen : 0) };
    if (!sync->known)
        sync->now = measured;
    else if (!take(sync, &measured))
        begin_anew(sync, &before, &measured);
    sync->known = true;
    keep_mark(sync);
}

bool clock_sync_offset(const struct clock_sync *sync, uint64_t since, uint64_t now, int64_t *offset,
                       uint64_t *error)
{
    if (!sync->known)
        return false;
    struct clock_bounds last = bounds_at(sync, now);
    int64_t low = last.low, high = last.high;
    /* So long ago it was `since` for the device. */
    int64_t ago = plus((int64_t)(now - since), high);
    if (ago > 0 && (uint64_t)ago <= now) {
        struct clock_bounds first = bounds_at(sync, now - (uint64_t)ago);
        low = minus(first.low, low) < 0 ? first.low : low;
        high = minus(first.high, high) > 0 ? first.high : high;
    }
    *offset = plus(low, minus(high, low) / 2);
    *error = (uint64_t)minus(high, *offset);
    if (*error == 0)
        *error = 1;
    return true;
}
