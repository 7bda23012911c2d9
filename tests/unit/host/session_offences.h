/*
 * What no daemon should send.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_SESSION_OFFENCES_H
#define PITETHER_TESTS_UNIT_HOST_SESSION_OFFENCES_H

#include "session_fixture.h"

enum { NONE = 0, PROTO = WIRE_ERROR_PROTOCOL, LARGE = WIRE_ERROR_TOO_LARGE };

struct offence {
    void (*build)(struct script *script);
    const char *error; /* for the user */
    unsigned answer;   /* the code of the ERROR that the daemon gets; NONE: no ERROR */
    bool fatal, bare;  /* bare: instead of the good beginning */
};

struct offences {
    const struct offence *items;
    size_t count;
};

extern const struct offences opening_offences, stream_offences, frame_offences;

#endif
