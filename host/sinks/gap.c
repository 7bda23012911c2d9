#include "host/sinks/gap.h"

#include <string.h>

/* How much two neighbours have in common; what CONTINUES another one is exactly one run with it. */
enum likeness { UNLIKE, SAME_EPOCH, SAME_REASON, CONTINUES };

static enum likeness compare(const struct pitether_drops *left, const struct pitether_drops *right)
{
    if (left->epoch != right->epoch)
        return UNLIKE;
    if (left->reason != right->reason)
        return SAME_EPOCH;
    return left->first_id + left->count == right->first_id ? CONTINUES : SAME_REASON;
}

static bool are_neighbours(const struct gap *gap, unsigned left)
{
    return !gap->has_format || gap->format_at != left + 1;
}

/* The run becomes one with the next, its neighbour. */
static void join(struct gap *gap, unsigned left)
{
    struct pitether_drops *run = &gap->drops[left], *next = run + 1;
    run->count += next->count;
    run->overdue += next->overdue;
    gap->drops_count--;
    memmove(next, next + 1, (gap->drops_count - left - 1) * sizeof(*next));
    if (gap->format_at > left)
        gap->format_at--;
}

/* Where the run at this index continues the one before it, they become one. */
static bool join_if_continued(struct gap *gap, unsigned at)
{
    if (at == 0 || at >= gap->drops_count || !are_neighbours(gap, at - 1) ||
        compare(&gap->drops[at - 1], &gap->drops[at]) != CONTINUES)
        return false;
    join(gap, at - 1);
    return true;
}

/* Of three runs or more: the format keeps no more than two neighbours apart. */
static void join_most_alike(struct gap *gap)
{
    int best = -1;
    unsigned best_at = 0;
    for (unsigned i = 0; i + 1 < gap->drops_count; i++) {
        int likeness = (int)compare(&gap->drops[i], &gap->drops[i + 1]);
        if (are_neighbours(gap, i) && likeness > best) {
            best = likeness;
            best_at = i;
        }
    }
    join(gap, best_at);
}

bool gap_is_empty(const struct gap *gap)
{
    return gap->drops_count == 0 && !gap->has_format;
}

void gap_clear(struct gap *gap)
{
    gap->drops_count = gap->format_at = 0;
    gap->has_format = false;
}

void gap_add_drops(struct gap *gap, const struct pitether_drops *drops)
{
    gap->drops[gap->drops_count++] = *drops;
    if (!join_if_continued(gap, gap->drops_count - 1) && gap->drops_count > GAP_DROPS_MAX)
        join_most_alike(gap);
}

void gap_set_format(struct gap *gap, const struct pitether_stream *format)
{
    unsigned before = gap->format_at;
    gap->has_format = true;
    gap->format = *format;
    gap->format_at = gap->drops_count;
    join_if_continued(gap, before); /* the earlier format kept them apart */
}

void gap_append(struct gap *gap, const struct gap *next)
{
    for (unsigned i = 0; i <= next->drops_count; i++) {
        if (next->has_format && next->format_at == i)
            gap_set_format(gap, &next->format);
        if (i < next->drops_count)
            gap_add_drops(gap, &next->drops[i]);
    }
}
