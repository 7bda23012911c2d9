#include "host/still/still.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* END came before a frame. lost: why the daemon has none. */
static enum exit_code explain(struct still *still, const struct pitether_end *end,
                              enum pitether_drop_reason lost)
{
    if (*end->text)
        error_set(&still->error, 0, "%s", end->text);
    else if (end->reason == PITETHER_END_STOPPED)
        error_set(&still->error, 0, "it was given up before it came");
    else if (lost)
        error_set(&still->error, 0, "the still was taken, and did not arrive (%s)",
                  pitether_drop_name(lost));
    else
        error_set(&still->error, 0, "the stream ended before the still was taken");
    return end->reason == PITETHER_END_FINISHED ? EXIT_MISSING : exit_code_of_end(end->reason);
}

enum exit_code still_wait(struct pitether *receiver, struct still *still)
{
    struct pitether_event event;
    enum pitether_drop_reason lost = 0;
    *still = (struct still){ .frame = NULL };
    while (pitether_next(receiver, -1, &event) > 0) {
        if (event.type == PITETHER_FRAME && !still->frame)
            still->frame = event.frame;
        else if (event.type == PITETHER_FRAME)
            pitether_frame_release(event.frame);
        else if (event.type == PITETHER_DROPS)
            lost = event.drops.reason;
        else if (event.type == PITETHER_END)
            return still->frame ? EXIT_DONE : explain(still, &event.end, lost);
    }
    error_set(&still->error, 0, "the receiver ended without a reason");
    return EXIT_SYSTEM;
}

/* Appends; *used stays below STILL_TEXT_SIZE. */
static void append(char *text, size_t *used, const char *format, ...) PRINTF_LIKE(3, 4);
static void append(char *text, size_t *used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text + *used, STILL_TEXT_SIZE - *used, format, arguments);
    va_end(arguments);
    *used = length > 0 ? *used + (size_t)length : *used;
    if (*used >= STILL_TEXT_SIZE)
        *used = STILL_TEXT_SIZE - 1;
}

void still_describe(const struct pitether_frame *frame, char text[STILL_TEXT_SIZE])
{
    struct pitether_value gains;
    double exposure = pitether_frame_number(frame, "ExposureTime");
    double gain = pitether_frame_number(frame, "AnalogueGain");
    size_t used = 0;
    append(text, &used, "%ux%u, %zu KB", frame->width, frame->height, (frame->size + 512) / 1024);
    if (!isnan(exposure))
        append(text, &used, ", exposure %.6g ms", exposure / 1000);
    if (!isnan(gain))
        append(text, &used, ", gain %.3g", gain);
    if (pitether_frame_value(frame, "ColourGains", &gains) && gains.type == PITETHER_VALUE_FLOAT &&
        gains.count == 2 && !isnan(gains.number[0]) && !isnan(gains.number[1]))
        append(text, &used, ", white balance %.3g,%.3g", (double)gains.number[0],
               (double)gains.number[1]);
}
