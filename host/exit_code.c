#include "host/exit_code.h"

static int rank(enum exit_code code)
{
    static const int ranks[] = {
        [EXIT_DONE] = 0,    [EXIT_MISSING] = 1, [EXIT_SHORT] = 2,
        [EXIT_CONTROL] = 3, [EXIT_TIMEOUT] = 4, [EXIT_CONNECTION] = 5,
        [EXIT_SINK] = 6,    [EXIT_SYSTEM] = 7,  [EXIT_USAGE] = 8,
    };
    return ranks[code];
}

enum exit_code exit_code_worse(enum exit_code one, enum exit_code other)
{
    return rank(other) > rank(one) ? other : one;
}

enum exit_code exit_code_of_end(enum pitether_end_reason reason)
{
    switch (reason) {
    case PITETHER_END_TIMEOUT:
        return EXIT_TIMEOUT;
    case PITETHER_END_FAILED:
        return EXIT_SYSTEM;
    default:
        return EXIT_CONNECTION;
    }
}
