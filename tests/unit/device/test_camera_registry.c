/*
 * Values of --source, and the kinds of sources that they mean.
 */
#include "device/camera/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/camera/libcamera/source.h"
#include "device/camera/pattern.h"
#include "device/camera/y4m.h"

static void check(const char *source, const struct camera_ops *ops, const char *argument)
{
    const char *found = "unset";
    if (camera_find(source, &found) != ops)
        fail_msg("'%s' is another kind of source", source);
    if (argument)
        assert_string_equal(found, argument);
    else
        assert_null(found);
}

static void sources_are_found_by_name(void **state)
{
    (void)state;
    check("pattern", &camera_pattern, NULL);
    check("libcamera", &camera_libcamera, NULL);
    check("libcamera:1", &camera_libcamera, "1");
    check("libcamera:/base/a:b", &camera_libcamera, "/base/a:b");
    check("libcamera:model=a b", &camera_libcamera, "model=a b");
    check("/x/pattern.y4m", &camera_y4m, "/x/pattern.y4m");
}

static void other_names_are_unknown(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "",     "pat",   "patterns", "libcam",    "libcameras", "libcamera:model=",
        ".y4m", "x.mp4", "y4m",      "pattern:1", "libcamera:",
    };
    const char *argument;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        if (camera_find(unknown[i], &argument))
            fail_msg("'%s' was taken", unknown[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_found_by_name),
        cmocka_unit_test(other_names_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
