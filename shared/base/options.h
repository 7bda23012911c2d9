/*
 * Command-line options and configuration files from one table: the parser, --help and the man page
 * all read the same entries. One thread.
 */
#ifndef PITETHER_SHARED_BASE_OPTIONS_H
#define PITETHER_SHARED_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/base/attributes.h"
#include "shared/base/error.h"

enum option_kind {
    OPTION_HEADING, /* no option: help is a heading in --help */
    OPTION_FLAG,    /* bool: no value on the command line; yes/no/true/false/1/0 in a file */
    OPTION_INT,     /* int: whole number in min..max */
    OPTION_COUNT,   /* uint64_t: whole number in min..max, at most 2^53; choices, if any, are words
                       for 0, 1, ... */
    OPTION_NUMBER,  /* double: in min..max; "1e6" and "nan" are no numbers here */
    OPTION_SIZE,    /* struct option_size: WIDTHxHEIGHT, each in min..max */
    OPTION_RANGE,   /* struct option_range: a number, or two with "-" between them, in min..max */
    OPTION_BYTES,  /* long: whole number with an optional K, M or G (powers of 1024), in min..max */
    OPTION_RATE,   /* uint64_t: like OPTION_BYTES, but with powers of 1000 */
    OPTION_TEXT,   /* const char *: not empty */
    OPTION_LIST,   /* struct option_list: may be given again */
    OPTION_CHOICE, /* int: the index in choices */
};

struct option_size {
    unsigned width, height;
};

/* min 0: only one number was given, which is max. */
struct option_range {
    double min, max;
};

enum { OPTION_LIST_MAX = 32 };

struct option_list {
    const char *items[OPTION_LIST_MAX];
    unsigned count;
};

/* Where an option may be given. */
enum option_scope {
    OPTION_GLOBAL,       /* on the command line, or in a file before the first section */
    OPTION_SECTION,      /* there, and in each section */
    OPTION_COMMAND_LINE, /* on the command line only */
};

struct option_spec {
    const char *name; /* long form without dashes */
    char letter;      /* short form, or 0 */
    enum option_kind kind;
    enum option_scope scope;
    size_t offset;              /* of the field: in the section's struct for OPTION_SECTION, else in
                                   the options struct */
    const char *value;          /* what the value is called in --help, e.g. "FPS" */
    const char *fallback;       /* the default, parsed like a value; NULL: the field stays zero */
    double min, max;            /* where kind says so */
    const char *const *choices; /* NULL-terminated; where kind says so */
    const char *help;           /* sentence(s) without a full stop at the end; wrapped by --help */
};

/*
 * What a file may have several of, each under a heading "[NAME]". The options struct has an array
 * of structs for them. Options of scope OPTION_SECTION that are given outside of sections go to the
 * first struct, and every section begins with them.
 */
struct option_sections {
    size_t array, size; /* offset of the array in the options struct, and size of an element */
    unsigned max;       /* elements */
    size_t count;       /* offset in the options struct, unsigned: sections read; 0 at first */
    size_t name;        /* offset in an element, const char *: the heading; NULL at first */
    size_t line;        /* offset in an element, unsigned: where the heading is in the file */
    bool (*name_is_good)(const char *name, size_t size);
    const char *name_rule; /* what a good one is, e.g. "letters" */
};

/* An option that another program has, and this one has not. */
struct option_foreign {
    const char *name;
    char letter; /* or 0 */
};

struct option_table {
    const struct option_spec *specs;
    size_t count;
    const struct option_sections *sections; /* or NULL */
    const struct option_foreign *foreign;   /* up to one without a name; or NULL */
    const char *foreign_hint;               /* whose they are, e.g. "is an option of prog's" */
    const char *usage;                      /* e.g. "pitether [OPTION]... HOST[:PORT]" */
    const char *about;                      /* a line or two under the usage line */
    const char *after;                      /* text after the options, e.g. exit codes */
};

enum { OPTION_FILE_MAX = 64 << 10 };

/* Sets every field to its default. */
void options_defaults(const struct option_table *table, void *options);

/*
 * Parses the command line into options. Texts point into argv. given (or NULL) has one bool for
 * each spec: set for those that were named. operands gets the arguments that are no options, at
 * most OPTION_LIST_MAX; with operands == NULL there must be none. "--" ends the options.
 * 0 or -EINVAL with a line for the user in error, which names an option as the user did: "--frames"
 * or "-n (--frames)", and "frames" in a file.
 */
NODISCARD int options_parse(const struct option_table *table, void *options, int argc, char **argv,
                            bool *given, struct option_list *operands, struct error *error);

/*
 * Reads "key = value" lines and headings of sections (# begins a comment line) from a file of any
 * kind, at most OPTION_FILE_MAX bytes. Options with given[i] set keep what they have, in every
 * section: the command line takes precedence over the file. Texts are allocated once and never
 * freed: they live as long as the program's options. 0; -EINVAL with error naming file, line and
 * section; another negative errno if the file can't be read.
 */
NODISCARD int options_read_file(const struct option_table *table, void *options, const char *path,
                                const bool *given, struct error *error);

/* Writes --help. */
void options_help(const struct option_table *table, FILE *out);

#endif
