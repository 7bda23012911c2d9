/*
 * Sensors' own HDR, with files in the place of devices.
 */
#include "device/sensor_options.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];
static char devices[80], classes[80];
static struct sensor_folders folders = { devices, classes };

/* What the sensor of number i has: -1 no HDR. */
static int hdr[3];
static unsigned switched;
static int refusal; /* errno of a sensor that refuses */

static const char id[] = "/base/soc/i2c0mux/i2c@1/imx708@1a";

/* fd is that of the file v4l-subdevN. */
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    char link[64], path[200] = "";
    struct v4l2_control *control = argument;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    assert_true(readlink(link, path, sizeof(path) - 1) > 0);
    int *sensor = &hdr[path[strlen(path) - 1] - '0'];
    assert_int_equal(control->id, V4L2_CID_WIDE_DYNAMIC_RANGE);
    if (*sensor < 0 || (refusal && request == VIDIOC_S_CTRL)) {
        errno = *sensor < 0 ? EINVAL : refusal;
        return -1;
    }
    if (request == VIDIOC_G_CTRL) {
        control->value = *sensor;
        return 0;
    }
    assert_int_equal(request, VIDIOC_S_CTRL);
    *sensor = control->value;
    switched++;
    return 0;
}

static void add_sensor(unsigned number, const char *node)
{
    char path[160], target[160];
    snprintf(path, sizeof(path), "%s/v4l-subdev%u", devices, number);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    assert_true(fd >= 0);
    close(fd);
    snprintf(path, sizeof(path), "%s/v4l-subdev%u", classes, number);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/v4l-subdev%u/device", classes, number);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/v4l-subdev%u/device/of_node", classes, number);
    snprintf(target, sizeof(target), "../../../firmware/devicetree%s", node);
    assert_int_equal(symlink(target, path), 0);
}

/* Two sensors with HDR, and one without. */
static int set_up(void **state)
{
    (void)state;
    snprintf(top, sizeof(top), "/tmp/test_sensor_hdr.XXXXXX");
    assert_non_null(mkdtemp(top));
    snprintf(devices, sizeof(devices), "%s/dev", top);
    snprintf(classes, sizeof(classes), "%s/class", top);
    assert_int_equal(mkdir(devices, 0700), 0);
    assert_int_equal(mkdir(classes, 0700), 0);
    add_sensor(0, "/base/soc/i2c0mux/i2c@0/imx708@1a");
    add_sensor(1, id);
    add_sensor(2, "/base/soc/i2c0mux/i2c@1/imx219@10");
    hdr[0] = hdr[1] = 0;
    hdr[2] = -1;
    switched = 0;
    refusal = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof(command), "rm -r %s", top);
    return system(command);
}

static void one_camera(void **state)
{
    (void)state;
    struct error error = { "" };
    assert_int_equal(sensor_hdr_set(&folders, id, true, &error), 0);
    assert_int_equal(hdr[0], 0);
    assert_int_equal(hdr[1], 1);
    assert_int_equal(sensor_hdr_set(&folders, id, false, &error), 0);
    assert_int_equal(hdr[1], 0);
}

static void all_that_have_it(void **state)
{
    (void)state;
    struct error error = { "" };
    assert_int_equal(sensor_hdr_set(&folders, NULL, true, &error), 0);
    assert_int_equal(hdr[0] + hdr[1], 2);
    assert_int_equal(switched, 2);
}

static void what_is_right_is_not_touched(void **state)
{
    (void)state;
    struct error error = { "" };
    hdr[1] = 1;
    assert_int_equal(sensor_hdr_set(&folders, NULL, true, &error), 0);
    assert_int_equal(switched, 1);
    refusal = EBUSY;
    assert_int_equal(sensor_hdr_set(&folders, NULL, true, &error), 0);
    assert_int_equal(sensor_hdr_set(&folders, NULL, false, &error), 0); /* nothing is said */
}

static void a_camera_without(void **state)
{
    (void)state;
    struct error error = { "" };
    const char without[] = "/base/soc/i2c0mux/i2c@1/imx219@10";
    assert_int_equal(sensor_hdr_set(&folders, without, true, &error), -ENODEV);
    assert_non_null(strstr(error.text, "imx219@10 has no HDR of its own"));
    assert_int_equal(sensor_hdr_set(&folders, without, false, &error), 0);
    hdr[0] = hdr[1] = -1;
    assert_int_equal(sensor_hdr_set(&folders, NULL, true, &error), -ENODEV);
    assert_non_null(strstr(error.text, "no camera has any HDR of its own"));
}

static void a_camera_that_refuses(void **state)
{
    (void)state;
    struct error error = { "" };
    refusal = EBUSY;
    assert_int_equal(sensor_hdr_set(&folders, id, true, &error), -EBUSY);
    assert_non_null(strstr(error.text, "v4l-subdev1 can't be switched: Device or resource busy"));
}

/* Two streams: one asks for it, and the other one's camera has it from before. */
static void options_of_streams(void **state)
{
    (void)state;
    static struct device_options options = {
        .stream_count = 3,
        .streams = { { .source = "libcamera:/base/soc/i2c0mux/i2c@0/imx708@1a" },
                     { .source = "libcamera:/base/soc/i2c0mux/i2c@1/imx708@1a" },
                     { .source = "pattern" } },
    };
    hdr[0] = 1;
    options.streams[1].aliases[ALIAS_HDR] = "sensor";
    assert_int_equal(sensor_options_apply(&options, &folders), EXIT_DONE);
    assert_int_equal(hdr[0], 0);
    assert_int_equal(hdr[1], 1);
    options.streams[0].aliases[ALIAS_HDR] = "sensor";
    options.streams[0].source = "libcamera:0"; /* any */
    assert_int_equal(sensor_options_apply(&options, &folders), EXIT_DONE);
    assert_int_equal(hdr[0] + hdr[1], 2);
    hdr[0] = hdr[1] = -1;
    assert_int_equal(sensor_options_apply(&options, &folders), EXIT_CAMERA);
}

static void no_devices(void **state)
{
    (void)state;
    struct error error = { "" };
    const struct sensor_folders none = { "/nonexistent", "/nonexistent" };
    assert_int_equal(sensor_hdr_set(&none, NULL, true, &error), -ENODEV);
    assert_int_equal(sensor_hdr_set(&none, NULL, false, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_camera, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_that_have_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_right_is_not_touched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_camera_without, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_camera_that_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(options_of_streams, set_up, tear_down),
        cmocka_unit_test(no_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
