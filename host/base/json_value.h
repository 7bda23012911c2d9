/*
 * A camera's values as JSON: numbers, true and false, texts, and null where there is none or it is
 * not finite; a rectangle as [x, y, width, height], a size as [width, height], a point as [x, y];
 * of an array a list of its elements. One thread.
 */
#ifndef PITETHER_HOST_BASE_JSON_VALUE_H
#define PITETHER_HOST_BASE_JSON_VALUE_H

#include "host/base/json.h"
#include "host/lib/pitether.h"

void json_value(struct json *json, const struct pitether_value *value);

#endif
