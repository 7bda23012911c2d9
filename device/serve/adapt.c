#include "device/serve/adapt.h"

/* Below what got through, so that a full path empties again, and each frame fits. */
static const double back_off = 0.9;

/* Twice a second: a path that has become free is used in full after a few seconds, and one that has
 * not is filled only for moments. */
static const double grow = 1.08;

/* This far above what the pictures take at their best quality, there is no limit left. */
static const double ample = 1.5;

uint64_t adapt_update(struct adapt *adapt, uint64_t limited, uint64_t stream)
{
    if (limited > 0)
        adapt->rate = (uint64_t)((double)limited * back_off);
    else if (adapt->rate > 0)
        adapt->rate = (uint64_t)((double)adapt->rate * grow);
    if (limited == 0 && (double)adapt->rate > (double)stream * ample)
        adapt->rate = 0;
    if (adapt->max > 0 && (adapt->rate == 0 || adapt->rate > adapt->max))
        adapt->rate = adapt->max;
    return adapt->rate;
}
