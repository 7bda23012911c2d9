/*
 * A script of faults that was taken has nothing in it that is out of bounds, and each fault is
 * taken off it once.
 *
 * The input: the script.
 */
#include "device/camera/faults.h"

#include <errno.h>

#include "fuzz.h"

static void check_fault(const struct fault *fault)
{
    bool counted =
        fault->kind == FAULT_GAP || fault->kind == FAULT_BROKEN || fault->kind == FAULT_SLOW;
    bool may_count =
        fault->kind == FAULT_IGNORE || fault->kind == FAULT_CLAMP || fault->kind == FAULT_REJECT;
    CHECK((unsigned)fault->kind < FAULT_KINDS);
    CHECK(fault->frame <= FAULT_FRAME_MAX && fault->count <= FAULT_FRAME_MAX);
    CHECK(fault->ns <= FAULT_SECONDS_MAX * UINT64_C(1000000000));
    CHECK(may_count || counted == (fault->count > 0));
    CHECK(fault->ns > 0 || (fault->kind != FAULT_UNPLUG && fault->kind != FAULT_SLOW_START));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    char *text = input_text(&input);
    struct error error = { "" };
    struct fault_script script;
    struct fault fault;
    int result = faults_parse(&script, text, &error);
    CHECK(result == 0 || (result == -EINVAL && error.text[0] && script.count == 0));
    CHECK(script.count <= FAULTS_MAX);
    unsigned taken = 0, count = script.count;
    for (unsigned i = 0; i < count; i++)
        check_fault(&script.faults[i]);
    for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
        for (; faults_take(&script, (enum fault_kind)kind, FAULT_FRAME_MAX, &fault); taken++)
            CHECK((unsigned)fault.kind == kind);
    CHECK(taken == count && script.count == 0);
    free(text);
    return 0;
}
