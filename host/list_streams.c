#include "host/list_streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/columns.h"
#include "host/base/quiet_log.h"
#include "shared/base/log.h"

/* More than a daemon has; a later one may have more than are listed. */
enum { STREAMS_MAX = 64, COLUMNS = 6 };

static const char *state_name(enum pitether_camera_state state)
{
    switch (state) {
    case PITETHER_CAMERA_STARTING:
        return "off"; /* or about to run */
    case PITETHER_CAMERA_RUNNING:
        return "running";
    case PITETHER_CAMERA_LOST:
        return "no camera";
    }
    return "?";
}

/* A dash stands for what is not known yet. */
static void fill_row(const struct pitether_stream_info *stream, struct column_row *row)
{
    for (unsigned i = 0; i < COLUMNS; i++)
        strcpy(row->cells[i], "-");
    snprintf(row->cells[0], COLUMN_CELL_SIZE, "%s", stream->name);
    if (*stream->model)
        snprintf(row->cells[1], COLUMN_CELL_SIZE, "%s", stream->model);
    if (stream->width && stream->height)
        snprintf(row->cells[2], COLUMN_CELL_SIZE, "%ux%u", stream->width, stream->height);
    if (stream->fps > 0)
        snprintf(row->cells[3], COLUMN_CELL_SIZE, "%.6g fps", stream->fps);
    if (stream->view > 0)
        snprintf(row->cells[4], COLUMN_CELL_SIZE, "%.0f %%", 100 * stream->view);
    snprintf(row->cells[5], COLUMN_CELL_SIZE, "%s", state_name(stream->state));
}

void list_streams_write(const struct pitether_stream_info *streams, size_t count, FILE *out)
{
    static const struct column_row head = { { "NAME", "MODEL", "SIZE", "RATE", "VIEW", "STATE" } };
    struct columns columns = { .count = COLUMNS };
    struct column_row row;
    columns_add(&columns, &head);
    for (size_t at = 0; at < count; at++) {
        fill_row(&streams[at], &row);
        columns_add(&columns, &row);
    }
    columns_write(&columns, &head, out);
    for (size_t at = 0; at < count; at++) {
        fill_row(&streams[at], &row);
        columns_write(&columns, &row, out);
    }
}

enum exit_code list_streams(const struct host_options *options)
{
    static struct pitether_stream_info streams[STREAMS_MAX];
    struct pitether_options requested = PITETHER_OPTIONS_INIT;
    struct pitether_error error;
    requested.keys_file = options->keys;
    requested.timeout_s = options->timeout;
    requested.log = quiet_log;
    int count = pitether_list_streams(options->addresses.items[0], &requested, streams, STREAMS_MAX,
                                      &error);
    if (count < 0) {
        log_error("%s", error.text);
        return count == -EINVAL ? EXIT_USAGE : count == -ENOMEM ? EXIT_SYSTEM : EXIT_CONNECTION;
    }
    size_t listed = count < STREAMS_MAX ? (size_t)count : STREAMS_MAX;
    list_streams_write(streams, listed, stdout);
    if (listed < (size_t)count)
        log_warning("%zu more streams are not listed", (size_t)count - listed);
    return EXIT_DONE;
}
