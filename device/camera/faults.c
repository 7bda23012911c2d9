#include "device/camera/faults.h"

#include <errno.h>
#include <string.h>

enum value_kind { NO_VALUE, COUNT, COUNT_OR_NONE, TIME, TIME_OR_NONE };

static const struct {
    const char *name;
    enum value_kind value;
} kinds[FAULT_KINDS] = {
    [FAULT_STALL] = { "stall", TIME_OR_NONE },
    [FAULT_UNPLUG] = { "unplug", TIME },
    [FAULT_GAP] = { "gap", COUNT },
    [FAULT_BROKEN] = { "broken", COUNT },
    [FAULT_LATE] = { "late", NO_VALUE },
    [FAULT_ABSENT] = { "absent", TIME },
    [FAULT_SLOW_START] = { "slow-start", TIME },
    [FAULT_HANG] = { "hang", TIME_OR_NONE },
    [FAULT_IGNORE] = { "ignore", COUNT_OR_NONE },
    [FAULT_CLAMP] = { "clamp", COUNT_OR_NONE },
    [FAULT_REJECT] = { "reject", COUNT_OR_NONE },
    [FAULT_SLOW] = { "slow", COUNT },
    [FAULT_UNREPORTED] = { "unreported", NO_VALUE },
    [FAULT_UNSHOWN] = { "unshown", NO_VALUE },
    [FAULT_SWITCH] = { "switch", NO_VALUE },
};

/* Moves *at over a whole number of at most max; false if there is none. */
static bool read_number(const char **at, uint64_t max, uint64_t *number)
{
    const char *begin = *at;
    for (*number = 0; **at >= '0' && **at <= '9'; (*at)++) {
        *number = *number * 10 + (uint64_t)(**at - '0');
        if (*number > max)
            return false;
    }
    return *at > begin;
}

static bool read_time(const char **at, uint64_t *ns)
{
    uint64_t number, unit = 1000000000;
    if (!read_number(at, FAULT_SECONDS_MAX * 1000, &number) || number == 0)
        return false;
    if (**at == 'm') {
        unit = 1000000;
        (*at)++;
    }
    if (**at != 's')
        return false;
    (*at)++;
    *ns = number * unit;
    return *ns <= FAULT_SECONDS_MAX * UINT64_C(1000000000);
}

static bool read_kind(const char **at, enum fault_kind *kind)
{
    size_t size = strcspn(*at, "@");
    for (unsigned i = 0; i < FAULT_KINDS; i++)
        if (size == strlen(kinds[i].name) && strncmp(*at, kinds[i].name, size) == 0) {
            *kind = (enum fault_kind)i;
            *at += size;
            return **at == '@';
        }
    return false;
}

/* Moves *at over "kind@frame[:value]"; false, with *at where it went wrong, if that is not there.
 */
static bool read_fault(const char **at, struct fault *fault)
{
    uint64_t number;
    *fault = (struct fault){ 0 };
    if (!read_kind(at, &fault->kind))
        return false;
    (*at)++;
    if (!read_number(at, FAULT_FRAME_MAX, &number))
        return false;
    fault->frame = (uint32_t)number;
    enum value_kind value = kinds[fault->kind].value;
    bool needed = value == COUNT || value == TIME;
    if (value == NO_VALUE || (!needed && **at != ':'))
        return true;
    if (**at != ':')
        return false;
    (*at)++;
    if (value == TIME || value == TIME_OR_NONE)
        return read_time(at, &fault->ns);
    bool good = read_number(at, FAULT_FRAME_MAX, &number) && number > 0;
    fault->count = (uint32_t)number;
    return good;
}

int faults_parse(struct fault_script *script, const char *text, struct error *error)
{
    script->count = 0;
    for (const char *at = text, *begin = text;; begin = at) {
        bool good = script->count < FAULTS_MAX && read_fault(&at, &script->faults[script->count]);
        if (!good || (*at != '\0' && *at != ',')) {
            script->count = 0;
            return error_set(
                error, -EINVAL,
                "--pattern-faults: '%.40s' is not a fault, or one too many; give up to %d, such "
                "as stall@100:5s,gap@300:7",
                begin, FAULTS_MAX);
        }
        script->count++;
        if (*at == '\0')
            return 0;
        at++;
        at += strspn(at, " ");
    }
}

bool faults_has(const struct fault_script *script, enum fault_kind kind)
{
    for (unsigned i = 0; i < script->count; i++)
        if (script->faults[i].kind == kind)
            return true;
    return false;
}

bool faults_take(struct fault_script *script, enum fault_kind kind, uint32_t frame,
                 struct fault *fault)
{
    for (unsigned i = 0; i < script->count; i++) {
        if (script->faults[i].kind != kind || script->faults[i].frame > frame)
            continue;
        *fault = script->faults[i];
        memmove(&script->faults[i], &script->faults[i + 1],
                (--script->count - i) * sizeof(*script->faults));
        return true;
    }
    return false;
}
