#include "shared/keys/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define DETECTS_LEAKS 1
#else
#define DETECTS_LEAKS 0
#endif

void *secret_allocate(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    /* Best effort: RLIMIT_MEMLOCK may forbid it. */
    madvise(memory, size, MADV_DONTDUMP);
    mlock(memory, size);
    return memory;
}

void secret_free(void *memory, size_t size)
{
    if (!memory)
        return;
    explicit_bzero(memory, size);
    munmap(memory, size);
}

void secret_guard_process(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    if (!DETECTS_LEAKS)
        prctl(PR_SET_DUMPABLE, 0);
}
