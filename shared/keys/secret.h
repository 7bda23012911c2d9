/*
 * Memory for secrets: kept out of core dumps, and out of swap space where the system permits
 * locking; wiped when freed. Any thread.
 */
#ifndef PITETHER_SHARED_KEYS_SECRET_H
#define PITETHER_SHARED_KEYS_SECRET_H

#include <stddef.h>

#include "shared/base/attributes.h"

/* Zeroed, in pages of its own: for a few large blocks. NULL: out of memory. */
NODISCARD void *secret_allocate(size_t size);

/* size: as it was allocated. NULL is fine. */
void secret_free(void *memory, size_t size);

/*
 * From here on only root can inspect the process through /proc or a debugger, and it leaves no core
 * dump. Call it before the first secret is read. Builds with AddressSanitizer can still be
 * inspected, since its leak detection does that.
 */
void secret_guard_process(void);

#endif
