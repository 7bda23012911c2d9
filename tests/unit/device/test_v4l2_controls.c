/*
 * Controls beside libcamera, of a USB camera whose driver the test is.
 */
#include "device/camera/v4l2_controls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

/* What the camera has. */
static struct {
    uint32_t id, type;
    int32_t min, max, def, value;
} driver[] = {
    { V4L2_CID_FOCUS_AUTO, V4L2_CTRL_TYPE_BOOLEAN, 0, 1, 1, 1 },
    { V4L2_CID_FOCUS_ABSOLUTE, V4L2_CTRL_TYPE_INTEGER, 0, 250, 0, 30 },
    { V4L2_CID_WHITE_BALANCE_TEMPERATURE, V4L2_CTRL_TYPE_INTEGER, 2000, 6500, 4000, 4000 },
    { V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, 0, 2, 2, 2 },
};

enum { DRIVER = sizeof(driver) / sizeof(driver[0]) };

static bool has_none;
static uint32_t refused; /* this control stalls */
static char written[200];

static int fail_with(int error)
{
    errno = error;
    return -1;
}

static int query(struct v4l2_queryctrl *query)
{
    for (unsigned i = 0; i < DRIVER && !has_none; i++) {
        if (driver[i].id != query->id)
            continue;
        query->type = driver[i].type;
        query->minimum = driver[i].min;
        query->maximum = driver[i].max;
        query->default_value = driver[i].def;
        return 0;
    }
    return fail_with(EINVAL);
}

static int access_control(unsigned long request, struct v4l2_control *control)
{
    for (unsigned i = 0; i < DRIVER; i++) {
        if (driver[i].id != control->id)
            continue;
        if (request == VIDIOC_G_CTRL) {
            control->value = driver[i].value;
            return 0;
        }
        size_t used = strlen(written);
        snprintf(written + used, sizeof(written) - used, "%u=%d ", i, control->value);
        if (refused == control->id)
            return fail_with(EIO);
        control->value -= control->value % (driver[i].max > 100 ? 10 : 1); /* it has steps */
        driver[i].value = control->value;
        return 0;
    }
    return fail_with(EINVAL);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    static const char *const lines[] = { "Disabled", "", "60 Hz" };
    struct v4l2_querymenu *menu = argument;
    assert_true(fd >= 0);
    switch (request) {
    case VIDIOC_QUERYCTRL:
        return query(argument);
    case VIDIOC_G_CTRL:
    case VIDIOC_S_CTRL:
        return access_control(request, argument);
    default:
        assert_int_equal(request, VIDIOC_QUERYMENU);
        assert_int_equal(menu->id, V4L2_CID_POWER_LINE_FREQUENCY);
        if (menu->index == 1)
            return fail_with(EINVAL); /* menus have holes */
        snprintf((char *)menu->name, sizeof(menu->name), "%s", lines[menu->index]);
        return 0;
    }
}

static char folder[64];
static struct v4l2_controls controls;
static struct control_table table;

static void add_device(unsigned number)
{
    char path[100];
    snprintf(path, sizeof(path), "%s/81:%u", folder, number);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    const int64_t devices[] = { (int64_t)makedev(81, 7), (int64_t)makedev(81, 3) };
    snprintf(folder, sizeof(folder), "/tmp/test_v4l2_controls.XXXXXX");
    assert_non_null(mkdtemp(folder));
    add_device(3); /* 7 is not there */
    written[0] = '\0';
    refused = 0;
    has_none = false;
    driver[0].value = 1;
    v4l2_controls_init(&controls);
    v4l2_controls_open(&controls, folder, devices, 2);
    assert_int_equal(v4l2_controls_list(&controls, &table), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char path[100];
    v4l2_controls_close(&controls);
    control_table_clear(&table);
    snprintf(path, sizeof(path), "%s/81:3", folder);
    return unlink(path) + rmdir(folder);
}

static struct control_info *info_of(const char *name)
{
    struct control_info *info = control_table_find(&table, name, strlen(name));
    assert_non_null(info);
    return info;
}

static void they_are_listed(void **state)
{
    (void)state;
    assert_int_equal(table.count, DRIVER);
    assert_int_equal(info_of("v4l2::FocusAuto")->type, VALUE_BOOL);
    struct control_info *focus = info_of("FocusAbsolute"); /* also without the vendor */
    assert_string_equal(focus->name, "v4l2::FocusAbsolute");
    assert_int_equal(focus->type, VALUE_INT32);
    assert_true(focus->settable);
    assert_int_equal(focus->max.int32[0], 250);
    assert_int_equal(focus->def.int32[0], 0);
    assert_string_equal(info_of("WhiteBalanceTemperature")->unit, "K");
    struct control_info *line = info_of("PowerLineFrequency");
    assert_int_equal(line->enumerator_count, 2);
    assert_string_equal(control_word(line, 2), "60 Hz");
}

static void set(const char *name, int32_t number)
{
    struct control_list list = { 0 };
    struct value value = value_of_int32(number);
    assert_true(control_list_set(&list, name, &value));
    written[0] = '\0';
    v4l2_controls_set(&controls, &list);
}

static void they_are_set(void **state)
{
    (void)state;
    set("v4l2::FocusAbsolute", 127); /* nothing comes of it while the camera focuses by itself */
    assert_string_equal(written, "0=0 1=127 ");
    set("v4l2::FocusAbsolute", 50);
    assert_string_equal(written, "1=50 ");
    set("v4l2::WhiteBalanceTemperature", 5000); /* this camera has no automatic one */
    assert_string_equal(written, "2=5000 ");
    set("Brightness", 1); /* libcamera's */
    set("v4l2::Sharpness", 1);
    assert_string_equal(written, "");
}

static void they_are_reported(void **state)
{
    (void)state;
    struct metadata_names names = { 0 };
    struct metadata metadata = { 0 };
    struct value value;
    set("v4l2::FocusAbsolute", 127);
    v4l2_controls_report(&controls, &names, &metadata);
    assert_true(metadata_number(&metadata, &names, "v4l2::FocusAbsolute") == 120); /* its step */
    assert_true(metadata_find(&metadata, &names, "v4l2::FocusAuto", &value));
    assert_int_equal(value.type, VALUE_BOOL);
    assert_int_equal(value.bytes[0], 0);
    v4l2_controls_report(&controls, &names, &metadata);
    assert_int_equal(metadata_names_count(&names), DRIVER);
    v4l2_controls_report(&controls, NULL, &metadata);
}

static void a_camera_that_stalls(void **state)
{
    (void)state;
    struct metadata_names names = { 0 };
    struct metadata metadata = { 0 };
    int32_t before = driver[1].value;
    refused = V4L2_CID_FOCUS_ABSOLUTE;
    set("v4l2::FocusAbsolute", 200);
    v4l2_controls_report(&controls, &names, &metadata);
    assert_true(metadata_number(&metadata, &names, "v4l2::FocusAbsolute") == before);
}

static void a_camera_without_any(void **state)
{
    (void)state;
    struct v4l2_controls none;
    struct control_table empty = { 0 };
    const int64_t device = (int64_t)makedev(81, 3);
    has_none = true;
    v4l2_controls_init(&none);
    v4l2_controls_open(&none, folder, &device, 1);
    assert_true(none.fd < 0);
    v4l2_controls_open(&none, folder, NULL, 0);
    assert_int_equal(v4l2_controls_list(&none, &empty), 0);
    assert_int_equal(empty.count, 0);
    v4l2_controls_close(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_are_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_are_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_are_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_camera_that_stalls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_camera_without_any, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
