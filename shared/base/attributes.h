/*
 * What compilers check about calls of a function.
 */
#ifndef PITETHER_SHARED_BASE_ATTRIBUTES_H
#define PITETHER_SHARED_BASE_ATTRIBUTES_H

/* The result must be used: an error that must not be ignored, or a resource that would leak. */
#define NODISCARD __attribute__((warn_unused_result))

/* Parameter `text` is a format of printf() whose arguments begin with parameter `first`; both count
 * from 1. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

#endif
