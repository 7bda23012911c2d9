#include "host/sinks/window/title.h"
#include "shared/base/attributes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text in a buffer; what doesn't fit is cut. */
struct line {
    char *text;
    size_t size;
};

PRINTF_LIKE(2, 3) static void append(struct line *line, const char *format, ...)
{
    size_t used = strlen(line->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->text + used, line->size - used, format, arguments);
    va_end(arguments);
}

/* Drops the beginning of a UTF-8 character that the buffer's end may have cut: some compositors
 * disconnect a client whose title isn't UTF-8. */
static void drop_partial_character(struct line *line)
{
    size_t end = strlen(line->text);
    if (end < line->size - 1)
        return;
    while (end > 0 && ((unsigned char)line->text[end - 1] & 0xc0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)line->text[end - 1] >= 0xc0)
        end--;
    line->text[end] = '\0';
}

static void append_rates(struct line *line, const struct window_status *status,
                         const char *separator)
{
    append(line, "%s%.1f fps", separator, status->fps);
    if (status->latency_ms >= 0)
        append(line, "%s%.0f ms", separator, status->latency_ms);
}

static void append_magnified(struct line *line, const struct title_stream *stream)
{
    if (stream->magnified > 1)
        append(line, " - magnified %.1fx", stream->magnified);
}

static void append_one(struct line *line, const struct title_stream *stream)
{
    append(line, "pitether %s", stream->name);
    if (stream->width == 0)
        return;
    append(line, " - %ux%u", stream->width, stream->height);
    append_rates(line, stream->status, " - ");
    append_magnified(line, stream);
}

static void append_each(struct line *line, const struct title_stream *streams, unsigned count)
{
    append(line, "pitether");
    for (unsigned i = 0; i < count; i++) {
        append(line, "%s %s", i > 0 ? "," : "", streams[i].name);
        if (streams[i].status->note[0])
            append(line, ": %s", streams[i].status->note);
        else if (streams[i].width > 0)
            append_rates(line, streams[i].status, " ");
        if (streams[i].width > 0)
            append_magnified(line, &streams[i]);
    }
}

void title_write(char *title, const struct title_stream *streams, unsigned count, bool frozen)
{
    struct line line = { title, TITLE_MAX };
    uint64_t dropped = 0;
    bool shows_any = false;
    title[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        dropped += streams[i].status->dropped;
        shows_any = shows_any || streams[i].width > 0;
    }
    if (count == 1)
        append_one(&line, streams);
    else
        append_each(&line, streams, count);
    if (shows_any)
        append(&line, " - %" PRIu64 " dropped", dropped);
    if (frozen)
        append(&line, " - frozen");
    if (count == 1 && streams[0].status->note[0])
        append(&line, " - %s", streams[0].status->note);
    drop_partial_character(&line);
}

void title_label(char *label, const struct title_stream *stream, unsigned number)
{
    struct line line = { label, LABEL_MAX };
    label[0] = '\0';
    if (number > 0)
        append(&line, "%u ", number);
    append(&line, "%s", stream->name);
    if (stream->width > 0)
        append_rates(&line, stream->status, " - ");
    drop_partial_character(&line);
}
