/*
 * The same picture as a source might hand it over: in any format, of limited range, in BT.709.
 */
#ifndef PITETHER_TESTS_BENCH_FORMATS_H
#define PITETHER_TESTS_BENCH_FORMATS_H

#include <stdbool.h>

#include "device/image/picture.h"

/* Reads "FORMAT[,limited][,bt709][,hflip][,vflip][,transpose]", with pixel_format_name()'s names,
 * into all fields of a picture but its size and planes. False: it is none. */
bool form_parse(const char *text, struct picture *form);

/* Makes a picture of that form from one in YUV420 at full range, both sides even. quality: of
 * PIXEL_JPEG. All planes lie in one allocation, which begins at planes[0].data. Out of memory it
 * aborts. */
struct picture form_make(const struct picture *form, const struct picture *from, int quality);

#endif
