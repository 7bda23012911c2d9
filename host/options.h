/*
 * pitether's options. One thread.
 */
#ifndef PITETHER_HOST_OPTIONS_H
#define PITETHER_HOST_OPTIONS_H

#include "shared/base/attributes.h"
#include "shared/base/options.h"

/* --help lists what each is and its default. */
struct host_options {
    const char *save, *name, *latency;
    bool to_stdout, window, null;
    uint64_t frames, every;
    uint64_t sync; /* 0: off, 1: each, else after so many frames */
    double duration, timeout, max_fps, settle;
    bool lossless, live;
    bool no_reconnect, stats, latency_report;
    const char *keys, *import_key, *forget_key;
    const char *stream; /* for addresses that can't name one */
    bool list_streams;
    const char *still;         /* the file */
    struct option_size size;   /* of the still; zeros: the sensor's */
    int quality;               /* of the still; 0: the stream's */
    bool controls, json, lock; /* of the camera */
    const char *get, *load_controls, *save_controls;
    struct option_list set;
    int log_level; /* enum log_level */
    bool version, help;
    struct option_list addresses; /* of the streams, as they were given; of a key's host: none */
};

extern const struct option_table host_option_table;

/* 0 or -EINVAL with a line for the user in error. With --help or
 * --version nothing else is checked. */
NODISCARD int host_options_read(struct host_options *options, int argc, char **argv,
                                struct error *error);

#endif
