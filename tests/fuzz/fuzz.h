/*
 * What the harnesses share: the input as a row of decisions, and what must hold whatever it says.
 * Each harness is one file and one program; run.sh builds and runs them.
 */
#ifndef PITETHER_TESTS_FUZZ_FUZZ_H
#define PITETHER_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls it with each input. Returns 0, or -1 to keep the input out of the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libFuzzer keeps the input of a process that aborts. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What is left of the input. */
struct input {
    const uint8_t *at;
    size_t left;
};

/* Takes the next bytes (1..8) as a number, big-endian; those that are missing are zeroes. */
static inline uint64_t input_number(struct input *input, size_t bytes)
{
    uint64_t value = 0;
    for (; bytes > 0; bytes--) {
        value <<= 8;
        if (input->left > 0) {
            value |= *input->at++;
            input->left--;
        }
    }
    return value;
}

/* Takes at most so many bytes: returns where they lie; *size is how many they are. */
static inline const uint8_t *input_bytes(struct input *input, size_t most, size_t *size)
{
    const uint8_t *bytes = input->at;
    *size = input->left < most ? input->left : most;
    input->at += *size;
    input->left -= *size;
    return bytes;
}

/* A copy in memory of just that size, so that a byte read behind it is found out; free() it. */
static inline void *copy_of(const void *bytes, size_t size)
{
    void *copy = malloc(size ? size : 1);
    CHECK(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

/* What is left as a text, up to its first zero; free() it. */
static inline char *input_text(struct input *input)
{
    size_t size = strnlen((const char *)input->at, input->left);
    char *text = malloc(size + 1);
    CHECK(text);
    memcpy(text, input->at, size);
    text[size] = '\0';
    return text;
}

#endif
