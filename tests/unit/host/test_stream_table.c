/*
 * The table of --list-streams.
 */
#include "host/list_streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static char *table_of(const struct pitether_stream_info *streams, size_t count)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    list_streams_write(streams, count, out);
    fclose(out);
    return text;
}

static void the_table(void **state)
{
    static const struct pitether_stream_info streams[] = {
        { "front", "imx708", 1920, 1080, 30, 0.56, PITETHER_CAMERA_RUNNING },
        { "a-longer-name", "", 0, 0, 0, 0, PITETHER_CAMERA_STARTING },
        { "top", "pattern", 640, 480, 29.97, 1, PITETHER_CAMERA_LOST },
    };
    (void)state;
    char *text = table_of(streams, 3);
    assert_string_equal(text, "NAME           MODEL    SIZE       RATE       VIEW   STATE\n"
                              "front          imx708   1920x1080  30 fps     56 %   running\n"
                              "a-longer-name  -        -          -          -      off\n"
                              "top            pattern  640x480    29.97 fps  100 %  no camera\n");
    free(text);
}

static void no_streams(void **state)
{
    (void)state;
    char *text = table_of(NULL, 0);
    assert_string_equal(text, "NAME  MODEL  SIZE  RATE  VIEW  STATE\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(no_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
