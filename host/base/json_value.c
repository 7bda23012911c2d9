#include "host/base/json_value.h"

static void put_list(struct json *json, const int64_t *numbers, unsigned count)
{
    json_open(json, '[');
    for (unsigned i = 0; i < count; i++)
        json_integer(json, numbers[i]);
    json_close(json, ']');
}

static void put_element(struct json *json, const struct pitether_value *value, unsigned i)
{
    switch (value->type) {
    case PITETHER_VALUE_BOOL:
        json_bool(json, value->bytes[i]);
        break;
    case PITETHER_VALUE_BYTE:
        json_integer(json, value->bytes[i]);
        break;
    case PITETHER_VALUE_INT32:
        json_integer(json, value->int32[i]);
        break;
    case PITETHER_VALUE_INT64:
        json_integer(json, value->int64[i]);
        break;
    case PITETHER_VALUE_FLOAT:
        json_float(json, value->number[i]);
        break;
    case PITETHER_VALUE_RECTANGLE:
        put_list(json,
                 (const int64_t[]){ value->rectangle[i].x, value->rectangle[i].y,
                                    value->rectangle[i].width, value->rectangle[i].height },
                 4);
        break;
    case PITETHER_VALUE_SIZE:
        put_list(json, (const int64_t[]){ value->size[i].width, value->size[i].height }, 2);
        break;
    case PITETHER_VALUE_POINT:
        put_list(json, (const int64_t[]){ value->point[i].x, value->point[i].y }, 2);
        break;
    default:
        json_null(json);
    }
}

void json_value(struct json *json, const struct pitether_value *value)
{
    if (value->type == PITETHER_VALUE_TEXT) {
        json_bytes(json, value->text, value->count);
    } else if (value->array) {
        json_open(json, '[');
        for (unsigned i = 0; i < value->count; i++)
            put_element(json, value, i);
        json_close(json, ']');
    } else if (value->count == 1) {
        put_element(json, value, 0);
    } else {
        json_null(json);
    }
}
