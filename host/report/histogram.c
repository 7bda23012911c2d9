#include "host/report/histogram.h"

#include <math.h>

enum { PER_OCTAVE = 16 };
static const double first_ns = 1000;

void histogram_add(struct histogram *histogram, int64_t ns)
{
    double octaves = (double)ns > first_ns ? log2((double)ns / first_ns) : 0;
    unsigned bucket = (unsigned)(octaves * PER_OCTAVE);
    if (bucket >= HISTOGRAM_BUCKETS)
        bucket = HISTOGRAM_BUCKETS - 1;
    histogram->counts[bucket]++;
    histogram->total++;
}

double histogram_quantile(const struct histogram *histogram, double share)
{
    double target = share * (double)histogram->total, seen = 0;
    if (histogram->total == 0)
        return 0;
    unsigned bucket = 0;
    for (; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
        seen += (double)histogram->counts[bucket];
        if (seen >= target && seen > 0)
            break;
    }
    /* The middle of the bucket stands for all in it. */
    return first_ns * exp2((bucket + 0.5) / PER_OCTAVE) / 1e6;
}
