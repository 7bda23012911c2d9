#include "host/controls/document.h"

#include "host/base/json_value.h"
#include "host/controls/format.h"

static void put_value(struct json *json, const char *name, const struct pitether_value *value)
{
    json_name(json, name);
    json_value(json, value);
}

static void put_text(struct json *json, const char *name, const char *text)
{
    json_name(json, name);
    json_text(json, text);
}

static void put_enumerators(struct json *json, const struct pitether_control *control)
{
    json_name(json, "enumerators");
    json_open(json, '[');
    for (unsigned i = 0; i < control->enumerator_count; i++) {
        json_open(json, '{');
        put_text(json, "name", control->enumerators[i].name);
        json_name(json, "value");
        json_integer(json, control->enumerators[i].value);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_control(struct json *json, const struct control_view *view,
                        const struct pitether_control *control)
{
    struct pitether_value now;
    char type[32];
    control_type_text(control->type, control->array, control->size, type, sizeof(type));
    json_open(json, '{');
    put_text(json, "name", control->name);
    put_text(json, "type", type);
    put_text(json, "unit", control->unit);
    json_name(json, "settable");
    json_bool(json, control->settable);
    put_value(json, "min", &control->min);
    put_value(json, "max", &control->max);
    put_value(json, "default", &control->def);
    put_value(json, "set", &control->set);
    if (!control_view_now(view, control, &now))
        now = (struct pitether_value){ .type = PITETHER_VALUE_NONE };
    put_value(json, "now", &now);
    put_enumerators(json, control);
    json_close(json, '}');
}

static void put_metadata(struct json *json, const struct pitether_frame *frame)
{
    struct pitether_value value;
    const char *name;
    json_name(json, "metadata");
    json_open(json, '{');
    for (size_t at = 0; frame && (name = pitether_frame_next_value(frame, &at, &value));)
        put_value(json, name, &value);
    json_close(json, '}');
}

void controls_write_json(const struct control_view *view, FILE *out)
{
    char text[4096];
    struct json json;
    json_begin(&json, text, sizeof(text), out);
    json_open(&json, '{');
    put_text(&json, "camera", view->stream.model);
    put_text(&json, "stream", view->stream.name);
    json_name(&json, "frame");
    if (view->frame)
        json_count(&json, view->frame->id);
    else
        json_null(&json);
    json_name(&json, "controls");
    json_open(&json, '[');
    for (size_t i = 0; i < view->count; i++) {
        json_break(&json);
        put_control(&json, view, &view->controls[i]);
    }
    json_close(&json, ']');
    json_break(&json);
    put_metadata(&json, view->frame);
    json_close(&json, '}');
    json_break(&json);
    json_flush(&json);
}
