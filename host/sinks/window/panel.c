#include "host/sinks/window/panel.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/control_text.h"
#include "shared/base/clock.h"

#define WANTED_FOR CLOCK_SECOND /* after that the camera's own report counts */

static bool is_list(const struct pitether_control *control)
{
    return control->array && control->size != 1;
}

static unsigned rows_of(const struct pitether_control *control)
{
    bool split = is_list(control) && control->size > 0 && control->size <= PANEL_ELEMENTS_MAX &&
                 control_has_steps(control);
    return split ? control->size : 1;
}

static void add_rows(struct panel *panel, const struct camera *camera, unsigned index)
{
    unsigned rows = rows_of(&camera->controls[index]);
    if (panel->count + rows > PANEL_ROWS_MAX)
        return;
    for (unsigned i = 0; i < rows; i++) {
        struct panel_row *row = &panel->rows[panel->count++];
        row->control = index;
        row->element = rows > 1 ? (int)i : PANEL_WHOLE;
        strcpy(row->name, camera->controls[index].name);
    }
}

/* Selects the control that was selected before. False: it is not there any more. */
static bool select_again(struct panel *panel, const struct panel_row *before)
{
    for (unsigned i = 0; i < panel->count; i++)
        if (strcmp(panel->rows[i].name, before->name) == 0 &&
            panel->rows[i].element == before->element) {
            panel->selected = i;
            return true;
        }
    return false;
}

void panel_list(struct panel *panel, const struct camera *camera)
{
    bool other = panel->camera != camera;
    if (!other && panel->lists == camera->lists)
        return;
    struct panel_row before = panel->rows[panel->selected];
    panel->camera = camera;
    panel->lists = camera->lists;
    panel->count = 0;
    panel->wanted_until = 0;
    for (unsigned i = 0; i < camera->count; i++)
        add_rows(panel, camera, i);
    if (!select_again(panel, &before) || other)
        panel->editing = false;
    if (panel->selected >= panel->count)
        panel->selected = panel->count > 0 ? panel->count - 1 : 0;
    panel->version++;
}

void panel_move(struct panel *panel, int by)
{
    int to = (int)panel->selected + by;
    if (panel->count == 0)
        return;
    panel->editing = false;
    panel->selected = to < 0 ? 0 : to >= (int)panel->count ? panel->count - 1 : (unsigned)to;
    panel->wanted_until = 0;
    panel->version++;
}

static const struct pitether_control *control_of(const struct panel *panel,
                                                 const struct camera *camera, unsigned row)
{
    if (row >= panel->count || panel->rows[row].control >= camera->count)
        return NULL;
    return &camera->controls[panel->rows[row].control];
}

static bool is_wanted(const struct panel *panel, const struct panel_context *context, unsigned row)
{
    return row == panel->wanted_row && panel->wanted_until > 0 &&
           (context->now_ns < panel->wanted_until || camera_waits(context->camera));
}

static unsigned element_of(const struct panel_row *row)
{
    return row->element < 0 ? 0 : (unsigned)row->element;
}

/* All elements, of which the row's own is this text. */
static void write_elements(const struct pitether_control *control,
                           const struct pitether_value *value, const struct panel_row *row,
                           const char *own, char *text)
{
    unsigned count = row->element < 0 ? 1 : control->size;
    size_t used = 0;
    for (unsigned i = 0; i < count && used < CONTROL_TEXT_MAX; i++) {
        char one[CONTROL_TEXT_MAX];
        double other = control_number(value, i);
        if (isnan(other))
            other = control_stepped(control, i, NAN, 0);
        control_write_number(control, other, one);
        used += (size_t)snprintf(text + used, CONTROL_TEXT_MAX - used, "%s%s", i > 0 ? "," : "",
                                 i == element_of(row) ? own : one);
    }
}

void panel_step(struct panel *panel, const struct panel_context *context, int steps)
{
    const struct pitether_control *control = control_of(panel, context->camera, panel->selected);
    const struct panel_row *row = &panel->rows[panel->selected];
    char own[CONTROL_TEXT_MAX], text[CONTROL_TEXT_MAX];
    if (!control)
        return;
    if (!control_has_steps(control) || (row->element < 0 && is_list(control))) {
        snprintf(text, sizeof(text), "%s has no steps: press Enter and type its value",
                 control->name);
        camera_say(context->camera, true, text);
        return;
    }
    struct pitether_value value = camera_value(control, context->frame);
    double from = is_wanted(panel, context, panel->selected)
                      ? panel->wanted
                      : control_number(&value, element_of(row));
    panel->wanted = control_stepped(control, element_of(row), from, steps);
    panel->wanted_row = panel->selected;
    panel->wanted_until = context->now_ns + WANTED_FOR;
    panel->version++;
    control_write_number(control, panel->wanted, own);
    write_elements(control, &value, row, own, text);
    camera_set(context->camera, control->name, text);
}

void panel_set_word(struct panel *panel, const struct panel_context *context, const char *word)
{
    const struct pitether_control *control = control_of(panel, context->camera, panel->selected);
    panel->wanted_until = 0;
    panel->version++;
    if (control)
        camera_set(context->camera, control->name, word);
}

void panel_begin_edit(struct panel *panel, const struct panel_context *context)
{
    panel->editing = control_of(panel, context->camera, panel->selected);
    panel->typed[0] = '\0';
    panel->version++;
}

void panel_type(struct panel *panel, const char *text)
{
    size_t used = strlen(panel->typed), size = strlen(text);
    if (!panel->editing || used + size >= sizeof(panel->typed))
        return;
    strcpy(panel->typed + used, text);
    panel->version++;
}

void panel_erase(struct panel *panel)
{
    size_t used = strlen(panel->typed);
    while (used > 0 && ((unsigned char)panel->typed[used - 1] & 0xc0) == 0x80)
        used--;
    panel->typed[used > 0 ? used - 1 : 0] = '\0';
    panel->version++;
}

/* What was typed for one element stands beside the others; a word, as auto, is for all of them. */
static void write_typed(const struct panel *panel, const struct panel_context *context,
                        const struct pitether_control *control, char *text)
{
    const struct panel_row *row = &panel->rows[panel->selected];
    struct pitether_value value = camera_value(control, context->frame);
    bool whole = strchr(panel->typed, ',') || isalpha((unsigned char)panel->typed[0]);
    if (row->element >= 0 && !whole)
        write_elements(control, &value, row, panel->typed, text);
    else
        strcpy(text, panel->typed);
}

void panel_end_edit(struct panel *panel, const struct panel_context *context, bool accept)
{
    const struct pitether_control *control = control_of(panel, context->camera, panel->selected);
    char text[CONTROL_TEXT_MAX];
    if (panel->editing && accept && control && panel->typed[0]) {
        write_typed(panel, context, control, text);
        camera_set(context->camera, control->name, text);
    }
    panel->editing = false;
    panel->wanted_until = 0;
    panel->version++;
}

static void write_name(const struct pitether_control *control, int element, char *name)
{
    static const struct {
        const char *control, *elements[2];
    } named[] = { { "ColourGains", { "red", "blue" } },
                  { "FrameDurationLimits", { "min", "max" } } };
    const char *vendor = strstr(control->name, "::");
    const char *plain = vendor ? vendor + 2 : control->name;
    if (element < 0) {
        snprintf(name, PANEL_NAME_MAX, "%s", plain);
        return;
    }
    for (unsigned i = 0; i < sizeof(named) / sizeof(*named) && element < 2; i++)
        if (strcmp(plain, named[i].control) == 0) {
            snprintf(name, PANEL_NAME_MAX, "%s %s", plain, named[i].elements[element]);
            return;
        }
    snprintf(name, PANEL_NAME_MAX, "%s %d", plain, element + 1);
}

void panel_line(const struct panel *panel, const struct panel_context *context, unsigned row,
                struct panel_line *line)
{
    const struct pitether_control *control = control_of(panel, context->camera, row);
    int element = panel->rows[row].element;
    *line = (struct panel_line){ .position = NAN };
    if (!control)
        return;
    struct pitether_value value = camera_value(control, context->frame);
    double number = control_number(&value, element_of(&panel->rows[row]));
    line->wanted = is_wanted(panel, context, row);
    if (line->wanted) {
        number = panel->wanted;
        control_number_text(control, number, line->value);
        size_t used = strlen(line->value);
        snprintf(line->value + used, sizeof(line->value) - used, "%s%s",
                 control->unit[0] ? " " : "", control->unit);
    } else {
        control_text(control, &value, element, line->value, sizeof(line->value));
    }
    write_name(control, element, line->name);
    line->automatic = control->set.type == PITETHER_VALUE_NONE;
    if (control_has_steps(control) && control->enumerator_count == 0 &&
        control->type != PITETHER_VALUE_BOOL)
        line->position = control_position(control, element_of(&panel->rows[row]), number);
}
