#include "device/serve/stream_list.h"

#include <assert.h>
#include <stdio.h>

void stream_list_fill(struct wire_streams *list, struct stream *const *streams, unsigned count)
{
    assert(count >= 1 && count <= WIRE_STREAMS_MAX);
    list->count = count;
    for (unsigned i = 0; i < count; i++) {
        const struct stream *stream = streams[i];
        struct wire_stream_entry *entry = &list->entries[i];
        *entry = (struct wire_stream_entry){ .number = (uint8_t)stream->config.number,
                                             .state = stream->status.state,
                                             .width = stream->format.width,
                                             .height = stream->format.height,
                                             .fps_mhz = stream->format.fps_mhz,
                                             .view = stream->format.view };
        snprintf(entry->name, sizeof(entry->name), "%s", stream->config.name);
        snprintf(entry->model, sizeof(entry->model), "%s", stream->format.model);
    }
}

int stream_list_find(struct stream *const *streams, unsigned count, const char *name,
                     char text[WIRE_BLOB_TEXT_MAX + 1])
{
    struct wire_streams list;
    char names[WIRE_BLOB_TEXT_MAX - 80]; /* what else the text says fits into the rest */
    stream_list_fill(&list, streams, count);
    const struct wire_stream_entry *entry = wire_find_stream(&list, name);
    if (entry)
        return (int)(entry - list.entries);
    wire_list_names(&list, names, sizeof(names));
    if (*name)
        snprintf(text, WIRE_BLOB_TEXT_MAX + 1, "no stream is called \"%s\": there %s %s", name,
                 count > 1 ? "are" : "is", names);
    else
        snprintf(text, WIRE_BLOB_TEXT_MAX + 1, "name one of the streams: %s", names);
    return -1;
}
