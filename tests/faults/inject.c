/*
 * For LD_PRELOAD: makes a chosen call of a program fail, so that a test sees what becomes of it.
 *
 *   INJECT_CALL=NAME     which call, as in inject.h; without it none fails
 *   INJECT_AT=N          the N-th of them fails, counted from 1
 *   INJECT_ERRNO=NUMBER  with this error; 0: it does only a part of what it was asked for
 *   INJECT_FOREVER=1     and so does each one after it
 *   INJECT_WITHIN=A-B    only calls from these addresses of the program count, in hexadecimal, as
 *                        nm(1) tells them
 *   INJECT_REPORT=FILE   is written when the program ends: how often each call was made, how many
 *                        failed, and which descriptors are open still
 *
 * Calls count if they come from the program, libpitether, libjpeg, OpenSSL or the C library. What
 * the libraries behind the camera and the window make of failures is theirs.
 */
#include "inject.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_ITEM(name) #name,
static const char *const names[] = { CALLS(NAME_ITEM) };

static struct {
    unsigned call, at;
    int error;
    bool forever;
    const char *report;
} plan = { .call = CALL_COUNT };

static bool armed; /* set before main(), while there is one thread */
static atomic_uint counts[CALL_COUNT], failures;

/* The code whose calls count. */
static struct {
    uintptr_t begin, end;
} ranges[16];
static unsigned range_count;

static void add_range(uintptr_t begin, uintptr_t end)
{
    ranges[range_count].begin = begin;
    ranges[range_count].end = end;
    range_count++;
}

/* The program comes first. */
static int note_within(struct dl_phdr_info *info, size_t size, void *within)
{
    uintptr_t begin = 0, end = 0;
    (void)size;
    if (sscanf(within, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) != 2)
        abort();
    add_range(info->dlpi_addr + begin, info->dlpi_addr + end);
    return 1;
}

static int note_range(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    (void)user;
    const char *name = info->dlpi_name;
    /* AddressSanitizer gives up where the C library's memory fails that it needs itself. It comes
     * before the C library. */
    static bool sanitized;
    sanitized = sanitized || strstr(name, "/libasan.so");
    bool is_libc = strstr(name, "/libc.so");
    bool is_ours = !name[0] || strstr(name, "/libpitether.so") || strstr(name, "/libjpeg.so") ||
                   strstr(name, "/libssl.so") || strstr(name, "/libcrypto.so");
    if (!is_ours && (!is_libc || sanitized))
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum && range_count < 16; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        uintptr_t begin = info->dlpi_addr + part->p_vaddr;
        add_range(begin, begin + part->p_memsz);
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *call = getenv("INJECT_CALL"), *at = getenv("INJECT_AT");
    const char *error = getenv("INJECT_ERRNO");
    for (unsigned i = 0; call && i < CALL_COUNT; i++)
        if (strcmp(call, names[i]) == 0)
            plan.call = i;
    if (call && (plan.call == CALL_COUNT || !at || !error)) {
        fprintf(stderr, "inject: '%s' is no call, or INJECT_AT or INJECT_ERRNO is missing\n", call);
        abort();
    }
    plan.at = at ? (unsigned)strtoul(at, NULL, 10) : 0;
    plan.error = error ? (int)strtol(error, NULL, 10) : 0;
    plan.forever = getenv("INJECT_FOREVER");
    plan.report = getenv("INJECT_REPORT");
    char *within = getenv("INJECT_WITHIN");
    dl_iterate_phdr(within ? note_within : note_range, within);
    armed = true;
}

__attribute__((destructor)) static void end(void)
{
    armed = false;
    FILE *out = plan.report ? fopen(plan.report, "we") : NULL;
    if (!out)
        return;
    for (unsigned i = 0; i < CALL_COUNT; i++)
        fprintf(out, "made %s %u\n", names[i], atomic_load(&counts[i]));
    fprintf(out, "failed %u\n", atomic_load(&failures));
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int fd = atoi(entry->d_name);
        char what[256];
        ssize_t size = readlinkat(dirfd(folder), entry->d_name, what, sizeof(what) - 1);
        if (size > 0 && fd > STDERR_FILENO && fd != dirfd(folder) && fd != fileno(out))
            fprintf(out, "open %d %.*s\n", fd, (int)size, what);
    }
    if (folder)
        closedir(folder);
    fclose(out);
}

bool inject_fails(enum call call, const void *caller)
{
    bool counted = false;
    for (unsigned i = 0; armed && i < range_count; i++)
        counted |= (uintptr_t)caller >= ranges[i].begin && (uintptr_t)caller < ranges[i].end;
    if (!counted)
        return false;
    unsigned number = atomic_fetch_add(&counts[call], 1) + 1;
    if (call != plan.call || number < plan.at || (number > plan.at && !plan.forever))
        return false;
    atomic_fetch_add(&failures, 1);
    return true;
}

int inject_error(void)
{
    return plan.error;
}
