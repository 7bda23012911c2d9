#include "device/camera/v4l2_controls.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

#include "device/camera/control_units.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

/* Those that libcamera's driver for USB cameras does not have, in releases up to 0.7. */
static const struct known {
    const char *name;
    uint32_t id;
    uint32_t automatic; /* must be off for it to have an effect; 0: nothing must */
} known[] = {
    { "v4l2::FocusAuto", V4L2_CID_FOCUS_AUTO, 0 },
    { "v4l2::FocusAbsolute", V4L2_CID_FOCUS_ABSOLUTE, V4L2_CID_FOCUS_AUTO },
    { "v4l2::WhiteBalanceAuto", V4L2_CID_AUTO_WHITE_BALANCE, 0 },
    { "v4l2::WhiteBalanceTemperature", V4L2_CID_WHITE_BALANCE_TEMPERATURE,
      V4L2_CID_AUTO_WHITE_BALANCE },
    { "v4l2::Sharpness", V4L2_CID_SHARPNESS, 0 },
    { "v4l2::Hue", V4L2_CID_HUE, V4L2_CID_HUE_AUTO },
    { "v4l2::PowerLineFrequency", V4L2_CID_POWER_LINE_FREQUENCY, 0 },
    { "v4l2::BacklightCompensation", V4L2_CID_BACKLIGHT_COMPENSATION, 0 },
    { "v4l2::ExposureDynamicFrameRate", V4L2_CID_EXPOSURE_AUTO_PRIORITY, 0 },
    { "v4l2::ZoomAbsolute", V4L2_CID_ZOOM_ABSOLUTE, 0 },
    { "v4l2::PanAbsolute", V4L2_CID_PAN_ABSOLUTE, 0 },
    { "v4l2::TiltAbsolute", V4L2_CID_TILT_ABSOLUTE, 0 },
};

#define KNOWN (sizeof(known) / sizeof(known[0]))
static_assert(KNOWN <= V4L2_CONTROLS_MAX, "each has an item");

void v4l2_controls_init(struct v4l2_controls *controls)
{
    *controls = (struct v4l2_controls){ .fd = -1 };
}

static bool query(int fd, uint32_t id, struct v4l2_queryctrl *info)
{
    *info = (struct v4l2_queryctrl){ .id = id };
    return ioctl(fd, VIDIOC_QUERYCTRL, info) == 0 && !(info->flags & V4L2_CTRL_FLAG_DISABLED) &&
           (info->type == V4L2_CTRL_TYPE_INTEGER || info->type == V4L2_CTRL_TYPE_BOOLEAN ||
            info->type == V4L2_CTRL_TYPE_MENU);
}

static struct value value_of(unsigned type, int32_t number)
{
    return type == VALUE_BOOL ? value_of_bool(number != 0) : value_of_int32(number);
}

static void find_items(struct v4l2_controls *controls)
{
    controls->count = 0;
    for (unsigned i = 0; i < KNOWN; i++) {
        struct v4l2_queryctrl info;
        struct v4l2_control control = { .id = known[i].id };
        if (!query(controls->fd, known[i].id, &info))
            continue;
        struct v4l2_item *item = &controls->items[controls->count++];
        bool is_read = ioctl(controls->fd, VIDIOC_G_CTRL, &control) == 0;
        *item = (struct v4l2_item){
            .known = i,
            .type = info.type == V4L2_CTRL_TYPE_BOOLEAN ? VALUE_BOOL : VALUE_INT32,
            .value = is_read ? control.value : info.default_value,
            .number = -1,
        };
    }
}

void v4l2_controls_open(struct v4l2_controls *controls, const char *folder, const int64_t *devices,
                        size_t count)
{
    for (size_t i = 0; i < count && controls->fd < 0; i++) {
        char path[64];
        dev_t device = (dev_t)devices[i];
        snprintf(path, sizeof(path), "%s/%u:%u", folder, major(device), minor(device));
        controls->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (controls->fd < 0)
            continue;
        find_items(controls);
        if (controls->count == 0)
            v4l2_controls_close(controls);
    }
}

void v4l2_controls_close(struct v4l2_controls *controls)
{
    if (controls->fd >= 0)
        close(controls->fd);
    v4l2_controls_init(controls);
}

/* Whatever a driver claims. */
enum { MENU_INDEX_MAX = 63 };

static void add_menu(int fd, const struct v4l2_queryctrl *query, struct control_info *info)
{
    int32_t last = query->maximum < MENU_INDEX_MAX ? query->maximum : MENU_INDEX_MAX;
    for (int32_t i = query->minimum; i <= last; i++) {
        struct v4l2_querymenu entry = { .id = query->id, .index = (uint32_t)i };
        if (info->enumerator_count == CONTROL_ENUMERATORS_MAX || i < 0)
            return;
        if (ioctl(fd, VIDIOC_QUERYMENU, &entry) < 0)
            continue;
        struct control_enumerator *word = &info->enumerators[info->enumerator_count++];
        word->value = i;
        text_copy(word->name, entry.name, strnlen((const char *)entry.name, sizeof(entry.name)),
                  CONTROL_WORD_MAX);
    }
}

int v4l2_controls_list(struct v4l2_controls *controls, struct control_table *table)
{
    for (unsigned i = 0; i < controls->count; i++) {
        const struct known *one = &known[controls->items[i].known];
        struct v4l2_queryctrl info;
        if (!query(controls->fd, one->id, &info))
            continue;
        if (table->count == CONTROLS_MAX)
            return 0;
        struct control_info *added = control_table_add(table, one->name);
        if (!added)
            return -ENOMEM;
        added->type = controls->items[i].type;
        added->settable = !(info.flags & V4L2_CTRL_FLAG_READ_ONLY);
        snprintf(added->unit, sizeof(added->unit), "%s", control_unit(one->name));
        added->min = value_of(added->type, info.minimum);
        added->max = value_of(added->type, info.maximum);
        added->def = value_of(added->type, info.default_value);
        if (info.type == V4L2_CTRL_TYPE_MENU)
            add_menu(controls->fd, &info, added);
    }
    return 0;
}

static struct v4l2_item *find_item(struct v4l2_controls *controls, uint32_t id)
{
    for (unsigned i = 0; i < controls->count; i++)
        if (known[controls->items[i].known].id == id)
            return &controls->items[i];
    return NULL;
}

static void set_one(struct v4l2_controls *controls, struct v4l2_item *item, int32_t value)
{
    struct v4l2_control control = { .id = known[item->known].id, .value = value };
    if (ioctl(controls->fd, VIDIOC_S_CTRL, &control) < 0) {
        log_warning_limited(&controls->refusals, "the camera refuses %s=%d: %s",
                            known[item->known].name, value, strerror(errno));
        return;
    }
    item->value = control.value;
}

static void set_setting(struct v4l2_controls *controls, const struct control_setting *setting)
{
    double number = value_number(&setting->value, 0);
    if (!(number >= INT32_MIN && number <= INT32_MAX))
        return;
    for (unsigned i = 0; i < controls->count; i++) {
        struct v4l2_item *item = &controls->items[i];
        const struct known *one = &known[item->known];
        if (strcmp(one->name, setting->name) != 0)
            continue;
        struct v4l2_item *automatic = find_item(controls, one->automatic);
        if (automatic && automatic->value != 0)
            set_one(controls, automatic, 0);
        set_one(controls, item, (int32_t)number);
    }
}

void v4l2_controls_set(struct v4l2_controls *controls, const struct control_list *settings)
{
    for (unsigned i = 0; i < settings->count; i++)
        set_setting(controls, &settings->items[i]);
}

void v4l2_controls_report(struct v4l2_controls *controls, struct metadata_names *names,
                          struct metadata *metadata)
{
    for (unsigned i = 0; names && i < controls->count; i++) {
        struct v4l2_item *item = &controls->items[i];
        struct value value = value_of(item->type, item->value);
        if (item->number < 0)
            item->number = metadata_names_add(names, known[item->known].name, item->type, false);
        if (item->number >= 0)
            metadata_add(metadata, (unsigned)item->number, &value);
    }
}
