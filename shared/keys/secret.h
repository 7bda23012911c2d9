/*
 * Memory for what nobody else may see: kept out of core dumps, and out of swap space where the
 * system lets it be locked; wiped at its end. Any thread.
 */
#ifndef PITETHER_SHARED_KEYS_SECRET_H
#define PITETHER_SHARED_KEYS_SECRET_H

#include <stddef.h>

/* Zeroed, in pages of its own: for few and large pieces. NULL: out of memory. */
void *secret_allocate(size_t size);

/* size: as it was allocated. NULL is fine. */
void secret_free(void *memory, size_t size);

/*
 * From here on nobody but root can look into the process through /proc or a debugger, and it leaves
 * no core dump. Call it before the first secret is read. Builds with AddressSanitizer can still be
 * looked into, because its search for leaks does just that.
 */
void secret_guard_process(void);

#endif
