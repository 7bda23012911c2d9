/*
 * Whether what could not be created has left anything behind: threads and descriptors can be made
 * to run out, and locks, conditions and descriptors are counted. What uses it is linked with
 * balance_options (see tests/CMakeLists.txt).
 */
#ifndef PITETHER_TESTS_UNIT_BALANCE_H
#define PITETHER_TESTS_UNIT_BALANCE_H

enum { BALANCE_ALL = 1 << 20 };

/* From here on so many threads and descriptors can still be had. */
void balance_begin(unsigned threads, unsigned descriptors);

/* There are enough of them again. Asserts that there are as many locks, conditions and descriptors
 * as before balance_begin(). */
void balance_end(void);

#endif
