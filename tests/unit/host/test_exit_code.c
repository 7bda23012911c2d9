/*
 * Of several exit codes, the one that the program ends with.
 */
#include "host/exit_code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_worse_one(void **state)
{
    static const enum exit_code from_worst[] = { EXIT_USAGE,      EXIT_SYSTEM,  EXIT_SINK,
                                                 EXIT_CONNECTION, EXIT_TIMEOUT, EXIT_CONTROL,
                                                 EXIT_SHORT,      EXIT_MISSING, EXIT_DONE };
    (void)state;
    for (unsigned i = 0; i < 9; i++)
        for (unsigned j = 0; j < 9; j++)
            assert_int_equal(exit_code_worse(from_worst[i], from_worst[j]),
                             from_worst[i < j ? i : j]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_worse_one) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
