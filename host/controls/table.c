#include "host/controls/table.h"

#include <string.h>

#include "host/base/columns.h"
#include "host/controls/format.h"

enum { NAME, TYPE, RANGE, DEFAULT, SET, NOW, COLUMNS };
enum { INDENT = 4 };

_Static_assert((int)COLUMNS <= (int)COLUMNS_MAX && (int)CONTROL_TEXT_SIZE <= (int)COLUMN_CELL_SIZE,
               "a row has space for all of it");

static void range_text(const struct pitether_control *control, char *text)
{
    char least[CONTROL_TEXT_SIZE], most[CONTROL_TEXT_SIZE];
    text[0] = '\0';
    if (control->enumerator_count > 0 || control->type == PITETHER_VALUE_BOOL ||
        control->min.type == PITETHER_VALUE_NONE || control->max.type == PITETHER_VALUE_NONE)
        return;
    pitether_value_format(&control->min, NULL, least, sizeof(least));
    control_value_text(&control->max, control, most);
    snprintf(text, COLUMN_CELL_SIZE, "%.500s..%.500s", least, most);
}

static void fill_row(const struct control_view *view, const struct pitether_control *control,
                     struct column_row *row)
{
    struct pitether_value now;
    snprintf(row->cells[NAME], COLUMN_CELL_SIZE, "%s", control->name);
    control_type_text(control->type, control->array, control->size, row->cells[TYPE],
                      COLUMN_CELL_SIZE);
    range_text(control, row->cells[RANGE]);
    control_short_text(&control->def, control, row->cells[DEFAULT]);
    control_short_text(&control->set, control, row->cells[SET]);
    if (!control->settable)
        strcpy(row->cells[SET], "read only");
    if (control_view_now(view, control, &now))
        control_short_text(&now, control, row->cells[NOW]);
    else
        strcpy(row->cells[NOW], "-");
}

/* The enumerators, with commas between them, in lines that are not too long. */
static void write_words(const struct pitether_control *control, FILE *out)
{
    struct pitether_value value = { PITETHER_VALUE_INT32, false, 1, .int32 = { 0 } };
    char word[CONTROL_TEXT_SIZE];
    size_t used = INDENT;
    fprintf(out, "%*s", INDENT, "");
    for (unsigned i = 0; i < control->enumerator_count; i++) {
        value.int32[0] = control->enumerators[i].value;
        control_short_text(&value, control, word);
        bool last = i + 1 == control->enumerator_count;
        size_t width = column_width(word) + !last;
        if (i > 0 && used + 1 + width > CONTROLS_LINE_MAX) {
            fprintf(out, "\n%*s", INDENT, "");
            used = INDENT;
        } else if (i > 0) {
            fputc(' ', out);
            used++;
        }
        fprintf(out, "%s%s", word, last ? "\n" : ",");
        used += width;
    }
}

void controls_write_table(const struct control_view *view, FILE *out)
{
    static const struct column_row head = { { "NAME", "TYPE", "RANGE", "DEFAULT", "SET", "NOW" } };
    struct columns columns = { .count = COLUMNS };
    struct column_row row;
    columns_add(&columns, &head);
    for (size_t i = 0; i < view->count; i++) {
        fill_row(view, &view->controls[i], &row);
        columns_add(&columns, &row);
    }
    columns_limit(&columns, CONTROLS_LINE_MAX, TYPE);
    columns_write(&columns, &head, out);
    for (size_t i = 0; i < view->count; i++) {
        fill_row(view, &view->controls[i], &row);
        columns_write(&columns, &row, out);
        if (view->controls[i].enumerator_count > 0)
            write_words(&view->controls[i], out);
    }
}
