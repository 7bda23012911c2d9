/*
 * A table with an option of each kind, and what tests do with it.
 */
#ifndef PITETHER_TESTS_UNIT_SHARED_OPTION_TABLE_H
#define PITETHER_TESTS_UNIT_SHARED_OPTION_TABLE_H

#include "shared/base/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PARTS_MAX = 3, SPEC_COUNT = 20 };

/* Of a section. */
struct part {
    const char *name;
    unsigned line;
    int speed;
    const char *title;
    struct option_list tags;
};

struct fields {
    bool flag, other_flag;
    int count, offset, colour;
    double rate;
    struct option_range span;
    struct option_size size;
    long bytes;
    uint64_t total;
    const char *text;
    struct option_list list;
    uint64_t every;
    unsigned part_count;
    struct part parts[PARTS_MAX];
};

extern const struct option_spec specs[SPEC_COUNT];
extern const struct option_table table;

/* Runs the parser over words that are separated by blanks; "''" is an empty one. The fields have
 * their defaults before. */
int parse_words(const char *line, struct fields *fields, bool *given, struct option_list *operands,
                struct error *error);

/* The line must be accepted. */
void parse_good(const char *line, struct fields *fields);

/* The line must be refused with an error that has all of the words, which are separated by '|'. */
void parse_bad(const char *line, const char *words);

/* All of `words`, separated by '|', must be in the text. */
void assert_contains(const char *text, const char *words);

#endif
