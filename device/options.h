/*
 * pitetherd's options. One thread.
 */
#ifndef PITETHER_DEVICE_OPTIONS_H
#define PITETHER_DEVICE_OPTIONS_H

#include "shared/base/attributes.h"
#include "shared/base/options.h"
#include "shared/controls/aliases.h"

enum { DEVICE_STREAMS_MAX = 16, DEVICE_OPTIONS_MAX = 100 };

/* For messages. */
#define STREAM_NAME_RULE                                                                           \
    "1 to 32 letters, digits, '.', '_', '-', and '/' between parts, none of which begins with a "  \
    "dot"

/* Of one stream; --help lists what each is and its default. */
struct stream_options {
    const char *name;
    unsigned line; /* where its section begins in the configuration file; 0: it has none */
    const char *source, *pattern_faults;
    struct option_size size;         /* zeros: the source decides */
    struct option_size preview_size; /* zeros: there is no preview */
    struct option_range fps;         /* max 0: the source decides; min 0: no lower rate */
    bool unpaced, hflip, vflip, adaptive, always_on;
    bool full_view;
    const char *sensor_mode; /* "WIDTH:HEIGHT[:DEPTH[:PACKING]]"; NULL: the camera decides */
    int rotation;            /* quarter turns, clockwise */
    int quality, min_quality, slices;
    uint64_t bitrate, frames;         /* 0: no limit */
    struct option_list controls;      /* each "NAME=VALUE" */
    const char *aliases[ALIAS_COUNT]; /* the value of each; NULL: it was not given */
};

struct device_options {
    unsigned stream_count; /* 1..DEVICE_STREAMS_MAX */
    struct stream_options streams[DEVICE_STREAMS_MAX];
    int threads;
    struct option_list listen;
    bool insecure_plaintext, view_only;
    const char *tuning_file;
    const char *keys, *add_key, *revoke;
    int role; /* enum key_role */
    bool list_keys;
    int max_clients;
    long queue_bytes;
    int stats;
    const char *user;
    int log_level; /* enum log_level */
    const char *config;
    bool list_cameras, list_controls, version, help;
};

extern const struct option_table device_option_table;

/* The command line takes precedence over the file that --config names, and that over the defaults.
 * Each section of the file is a stream; without sections there is one. Names are good and unique,
 * and no two streams have one camera. 0 or -EINVAL (or the file's errno) with a line for the user
 * in error. */
NODISCARD int device_options_read(struct device_options *options, int argc, char **argv,
                                  struct error *error);

#endif
