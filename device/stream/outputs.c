#include "device/stream/outputs.h"

#include <stddef.h>

#include "shared/protocol/wire.h"

/* The first output from this one on; NULL: there is none. */
static struct output *next_of(struct outputs *outputs, struct output *output)
{
    while (output < outputs->items + OUTPUTS_MAX && !output->encoder)
        output++;
    return output < outputs->items + OUTPUTS_MAX ? output : NULL;
}

#define FOR_EACH_OUTPUT(outputs, output)                                                           \
    for (struct output *output = next_of(outputs, (outputs)->items); output;                       \
         output = next_of(outputs, output + 1))

void outputs_add(struct outputs *outputs, enum camera_output which,
                 const struct sequencer_config *config, struct stream_events *events)
{
    struct output *output = &outputs->items[which];
    sequencer_init(&output->sequencer, config);
    output->encoder = config->encoder;
    output->events = events;
}

void outputs_destroy(struct outputs *outputs)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        sequencer_destroy(&output->sequencer);
    }
}

void outputs_frame(struct outputs *outputs, struct raw_frame *frame)
{
    struct output *output =
        (unsigned)frame->output < OUTPUTS_MAX ? &outputs->items[frame->output] : NULL;
    if (output && output->encoder)
        sequencer_frame(&output->sequencer, frame);
    else
        raw_frame_release(frame);
}

void outputs_lost(struct outputs *outputs, uint32_t sequence, enum wire_drop_reason reason)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        sequencer_lost(&output->sequencer, sequence, reason);
    }
}

void outputs_expect(struct outputs *outputs)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        sequencer_expect(&output->sequencer);
    }
}

static void open_preview(struct output *preview, const struct camera_mode *mode)
{
    struct camera_mode own = *mode;
    own.width = mode->preview_width;
    own.height = mode->preview_height;
    if (wire_size_is_good(own.width, own.height))
        events_stream(preview->events, &own);
    else
        events_status(preview->events, WIRE_STREAM_LOST,
                      "the camera has no second output of this size beside the main one");
    sequencer_open(&preview->sequencer);
}

void outputs_open(struct outputs *outputs, const struct camera_mode *mode)
{
    struct output *main_output = &outputs->items[CAMERA_MAIN];
    events_stream(main_output->events, mode);
    sequencer_open(&main_output->sequencer);
    if (outputs->items[CAMERA_PREVIEW].encoder)
        open_preview(&outputs->items[CAMERA_PREVIEW], mode);
}

void outputs_shut(struct outputs *outputs)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        sequencer_shut(&output->sequencer);
    }
}

void outputs_bridge(struct outputs *outputs, double fps)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        sequencer_bridge(&output->sequencer, fps);
    }
}

void outputs_status(struct outputs *outputs, enum wire_stream_state state, const char *text)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        events_status(output->events, state, text);
    }
}

void outputs_finished(struct outputs *outputs)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        events_finished(output->events);
    }
}

void outputs_drain(struct outputs *outputs)
{
    FOR_EACH_OUTPUT(outputs, output)
    {
        encoder_drain(output->encoder);
    }
}

bool outputs_idle(struct outputs *outputs)
{
    bool idle = true;
    FOR_EACH_OUTPUT(outputs, output)
    {
        idle = idle && encoder_idle(output->encoder);
    }
    return idle;
}
