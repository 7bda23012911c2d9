#include "host/controls/outcome.h"

#include <inttypes.h>
#include <string.h>

#include "host/base/columns.h"
#include "host/controls/format.h"
#include "shared/base/log.h"

enum { NAME, ASKED, NOW, FROM, RESULT, COLUMNS };
enum { RESULT_SIZE = 128 };

enum exit_code control_outcome_code(const struct pitether_changed *changed)
{
    if (changed->status == PITETHER_CHANGED_CUT)
        return EXIT_CONNECTION;
    if (changed->status != PITETHER_CHANGED_DONE)
        return EXIT_CONTROL;
    for (size_t i = 0; i < changed->count; i++)
        if (!pitether_change_is_in_force(&changed->changes[i]))
            return EXIT_CONTROL;
    return EXIT_DONE;
}

static void log_status(const struct pitether_changed *changed, const char *label)
{
    static const char *const names[] = { "",
                                         "nothing was set",
                                         "nothing was set: this key may only view",
                                         "nothing was set: the camera is not running",
                                         "nothing was set: too many changes are pending",
                                         "the camera stopped before a frame showed what was set" };
    const char *name = changed->status < sizeof(names) / sizeof(names[0]) ? names[changed->status]
                                                                          : "it was not set";
    bool unknown = false;
    for (size_t i = 0; i < changed->count; i++)
        unknown = unknown || changed->changes[i].result == PITETHER_SET_UNKNOWN;
    if (changed->status != PITETHER_CHANGED_DONE)
        log_error("%s%s%s%s", label, *label ? ": " : "", *changed->text ? changed->text : name,
                  unknown ? " (--controls lists what the camera has)" : "");
}

/* What became of it; nothing was set where the status says so, though a result of a later version
 * may say otherwise. */
static void result_text(const struct pitether_changed *changed,
                        const struct pitether_change *change, char *text)
{
    static const struct pitether_change unset = { .result = PITETHER_SET_UNSET };
    bool was_set = changed->status == PITETHER_CHANGED_DONE ||
                   changed->status == PITETHER_CHANGED_LOST || !pitether_change_is_in_force(change);
    control_result_text(was_set ? change : &unset, text, RESULT_SIZE);
}

static void fill_row(const struct control_view *view, const struct pitether_changed *changed,
                     size_t index, struct column_row *row)
{
    const struct pitether_change *change = &changed->changes[index];
    const struct pitether_control *control = control_view_find(view, change->name);
    snprintf(row->cells[NAME], COLUMN_CELL_SIZE, "%s", change->name);
    control_short_text(&change->asked, control, row->cells[ASKED]);
    if (change->asked.type == PITETHER_VALUE_NONE && pitether_change_is_in_force(change))
        strcpy(row->cells[ASKED], "auto");
    control_short_text(&change->now, control, row->cells[NOW]);
    strcpy(row->cells[FROM], "-");
    if (changed->first_id != UINT64_MAX && pitether_change_is_in_force(change))
        snprintf(row->cells[FROM], COLUMN_CELL_SIZE, "%" PRIu64, changed->first_id);
    result_text(changed, change, row->cells[RESULT]);
}

void control_outcome_write(const struct control_view *view, const struct pitether_changed *changed,
                           FILE *out)
{
    static const struct column_row head = { { "CONTROL", "ASKED", "IN FORCE", "FROM FRAME",
                                              "RESULT" } };
    struct columns columns = { .count = COLUMNS };
    struct column_row row;
    log_status(changed, "");
    if (changed->count == 0)
        return;
    columns_add(&columns, &head);
    for (size_t i = 0; i < changed->count; i++) {
        fill_row(view, changed, i, &row);
        columns_add(&columns, &row);
    }
    columns_write(&columns, &head, out);
    for (size_t i = 0; i < changed->count; i++) {
        fill_row(view, changed, i, &row);
        columns_write(&columns, &row, out);
    }
}

static void log_change(const struct pitether_changed *changed, size_t index,
                       const struct column_row *row, const char *label)
{
    const struct pitether_change *change = &changed->changes[index];
    const char *colon = *label ? ": " : "";
    char from[40] = "";
    if (changed->status != PITETHER_CHANGED_DONE || !pitether_change_is_in_force(change)) {
        log_error("%s%s%s: %s", label, colon, change->name, row->cells[RESULT]);
        return;
    }
    if (changed->first_id != UINT64_MAX)
        snprintf(from, sizeof(from), " from frame %" PRIu64 " on", changed->first_id);
    log_write(change->result == PITETHER_SET_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              "%s%s%s is %.100s%s (asked for: %.100s; %s)", label, colon, change->name,
              row->cells[NOW], from, row->cells[ASKED], row->cells[RESULT]);
}

void control_outcome_log(const struct control_view *view, const struct pitether_changed *changed,
                         const char *label)
{
    struct column_row row;
    log_status(changed, label);
    for (size_t i = 0; i < changed->count; i++) {
        fill_row(view, changed, i, &row);
        log_change(changed, i, &row, label);
    }
}
