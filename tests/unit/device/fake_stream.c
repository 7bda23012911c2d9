#include "fake_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

void fake_stream_init(struct stream *stream, unsigned number, const char *name)
{
    *stream = (struct stream){
        .config = { .number = number, .name = name, .label = "" },
        .format = { .stream = (uint8_t)number, .codec = WIRE_CODEC_JPEG, .model = "a camera" },
        .status.stream = (uint8_t)number
    };
    demand_init(&stream->demand);
    assert_int_equal(
        changes_create(&stream->changes,
                       &(struct changes_config){ .label = "", .events = &stream->events }),
        0);
}

void fake_stream_destroy(struct stream *stream)
{
    changes_destroy(&stream->changes);
    demand_destroy(&stream->demand);
}

void fake_stream_on(struct stream *stream, unsigned width)
{
    stream->format.width = (uint16_t)width;
    stream->format.height = 480;
    stream->format.fps_mhz = 30000;
    stream->status.state = WIRE_STREAM_RUNNING;
    stream->status.text[0] = '\0';
    stream->running = true;
}
