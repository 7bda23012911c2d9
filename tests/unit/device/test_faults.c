/*
 * The fault script: what is one, what is none, and which fault comes when.
 */
#include "device/camera/faults.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/clock.h"

static void parse(struct fault_script *script, const char *text)
{
    struct error error = { "" };
    memset(script, 0xA5, sizeof(*script));
    if (faults_parse(script, text, &error))
        fail_msg("%s", error.text);
}

static void every_kind(void **state)
{
    (void)state;
    static const struct fault expected[] = {
        { FAULT_STALL, 100, 5 * CLOCK_SECOND, 0 },
        { FAULT_STALL, 7, 0, 0 },
        { FAULT_UNPLUG, 0, 250 * CLOCK_MS, 0 },
        { FAULT_GAP, FAULT_FRAME_MAX, 0, 1 },
        { FAULT_BROKEN, 1, 0, FAULT_FRAME_MAX },
        { FAULT_LATE, 2, 0, 0 },
        { FAULT_SLOW_START, 3, 3600 * CLOCK_SECOND, 0 },
        { FAULT_HANG, 4, 0, 0 },
        { FAULT_HANG, 5, CLOCK_MS, 0 },
        { FAULT_ABSENT, 0, 7 * CLOCK_SECOND, 0 },
        { FAULT_IGNORE, 1, 0, 0 },
        { FAULT_IGNORE, 2, 0, 3 },
        { FAULT_CLAMP, 4, 0, 0 },
        { FAULT_CLAMP, 5, 0, 1 },
        { FAULT_REJECT, 6, 0, 0 },
        { FAULT_REJECT, 7, 0, 2 },
        { FAULT_SLOW, 8, 0, 30 },
        { FAULT_UNREPORTED, 9, 0, 0 },
        { FAULT_UNSHOWN, 10, 0, 0 },
        { FAULT_SWITCH, 0, 0, 0 },
    };
    struct fault_script script;
    parse(&script, "stall@100:5s,stall@7, unplug@0:250ms,  gap@1000000000:1,broken@1:1000000000,"
                   "late@2,slow-start@3:3600s,hang@4,hang@5:1ms,absent@0:7s,ignore@1,ignore@2:3,"
                   "clamp@4,clamp@5:1,reject@6,reject@7:2,slow@8:30,unreported@9,unshown@10,"
                   "switch@0");
    assert_int_equal(script.count, sizeof(expected) / sizeof(expected[0]));
    for (unsigned i = 0; i < script.count; i++) {
        assert_int_equal(script.faults[i].kind, expected[i].kind);
        assert_int_equal(script.faults[i].frame, expected[i].frame);
        assert_int_equal(script.faults[i].ns, expected[i].ns);
        assert_int_equal(script.faults[i].count, expected[i].count);
    }
}

static void what_is_no_script(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        ",",
        "stall",
        "stall@",
        "@1",
        "stall@x",
        "stall@-1",
        "stall@1:",
        "stall@1:5",
        "stall@1:s",
        "stall@1:0s",
        "stall@1:5m",
        "stall@1:5sx",
        "stall@1 ",
        "stall@1,",
        "stall@1;",
        "stall@1:1.5s",
        "gap@1",
        "gap@1:",
        "gap@1:0",
        "gap@1:7s",
        "gap@1:-7",
        "late@1:1",
        "absent@0",
        "ignore@1:",
        "ignore@1:0",
        "clamp@1:1s",
        "reject@",
        "slow@1",
        "slow@1:0",
        "unreported@1:1",
        "switch@0:1",
        "unplug@1",
        "unplug@1:",
        "stal@1",
        "stalls@1",
        "Stall@1",
        "slow-start@1",
        "gap@1:1,,gap@2:1",
        "gap@1000000001:1",
        "gap@1:1000000001",
        "stall@1:3601s",
        "stall@1:3600001ms",
        "gap@99999999999999999999:1",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fault_script script;
        struct error error = { "" };
        if (faults_parse(&script, bad[i], &error) != -EINVAL)
            fail_msg("'%s' was taken", bad[i]);
        assert_int_equal(script.count, 0);
        assert_true(strlen(error.text) > 0);
    }
}

static void there_is_a_bound(void **state)
{
    (void)state;
    struct fault_script script;
    char text[(FAULTS_MAX + 1) * sizeof("late@1,")] = "";
    struct error error;
    for (int i = 0; i < FAULTS_MAX; i++)
        strcat(text, i ? ",late@1" : "late@1");
    parse(&script, text);
    assert_int_equal(script.count, FAULTS_MAX);
    strcat(text, ",late@1");
    assert_int_equal(faults_parse(&script, text, &error), -EINVAL);
}

static void faults_come_on_cue_and_once(void **state)
{
    (void)state;
    struct fault_script script;
    struct fault fault;
    parse(&script, "gap@10:3,stall@5,gap@5:4,gap@20:5");
    assert_false(faults_take(&script, FAULT_GAP, 4, &fault));
    assert_false(faults_take(&script, FAULT_STALL, 4, &fault));
    assert_true(faults_take(&script, FAULT_GAP, 7, &fault)); /* the exact one was skipped */
    assert_int_equal(fault.count, 4);
    assert_false(faults_take(&script, FAULT_GAP, 7, &fault));
    assert_true(faults_take(&script, FAULT_GAP, 20, &fault));
    assert_int_equal(fault.count, 3);
    assert_true(faults_take(&script, FAULT_GAP, 20, &fault));
    assert_int_equal(fault.count, 5);
    assert_true(faults_has(&script, FAULT_STALL));
    assert_false(faults_has(&script, FAULT_GAP));
    assert_true(faults_take(&script, FAULT_STALL, UINT32_MAX, &fault));
    assert_false(faults_has(&script, FAULT_STALL));
    assert_int_equal(script.count, 0);
    assert_false(faults_take(&script, FAULT_STALL, UINT32_MAX, &fault));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(what_is_no_script),
        cmocka_unit_test(there_is_a_bound),
        cmocka_unit_test(faults_come_on_cue_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
