/*
 * pitetherd's options. One thread.
 */
#ifndef PITETHER_DEVICE_OPTIONS_H
#define PITETHER_DEVICE_OPTIONS_H

#include "shared/base/options.h"

enum { DEVICE_STREAMS_MAX = 16 };

/* --help lists what each is and its default. */
struct device_options {
    const char *source, *pattern_faults;
    struct option_size size;
    double fps;
    bool unpaced, hflip, vflip;
    int rotation; /* index in {"0", "180"} */
    int quality, min_quality, threads, slices;
    uint64_t bitrate;
    struct option_list listen;
    bool insecure_plaintext, always_on, adaptive;
    const char *keys, *add_key, *revoke;
    int role; /* enum key_role */
    bool list_keys;
    int max_clients;
    long queue_bytes;
    uint64_t frames;
    int stats;
    const char *user;
    int log_level; /* enum log_level */
    const char *config;
    bool list_cameras, version, help;
};

extern const struct option_table device_option_table;

/* Command line, then the file that --config names, then defaults. 0 or -EINVAL (or the file's
 * errno) with a line for the user in error. */
int device_options_read(struct device_options *options, int argc, char **argv, struct error *error);

#endif
