#include <string.h>

#include "shared/base/options.h"

/* Prints text wrapped to `width` columns, each line but the first indented. */
static void print_wrapped(const char *text, int indent, int width, FILE *out)
{
    int columns = width - indent, used = 0;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (used > 0 && used + 1 + word > columns) {
            fprintf(out, "\n%*s", indent, "");
            used = 0;
        }
        used += fprintf(out, "%s%.*s", used ? " " : "", word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_option(const struct option_spec *spec, FILE *out)
{
    enum { COLUMN = 27, WIDTH = 96 };
    char left[64], help[1024];
    if (spec->kind == OPTION_HEADING) {
        fprintf(out, "\n%s:\n", spec->help);
        return;
    }
    char letter[5] = "    ";
    if (spec->letter)
        snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    snprintf(left, sizeof(left), "  %s--%s%s%s", letter, spec->name, spec->value ? " " : "",
             spec->value ? spec->value : "");
    snprintf(help, sizeof(help), "%s%s%s%s", spec->help, spec->fallback ? " (default: " : "",
             spec->fallback ? spec->fallback : "", spec->fallback ? ")" : "");
    if (strlen(left) < COLUMN - 1)
        fprintf(out, "%-*s ", COLUMN - 1, left);
    else
        fprintf(out, "%s\n%*s", left, COLUMN, "");
    print_wrapped(help, COLUMN, WIDTH, out);
}

void options_help(const struct option_table *table, FILE *out)
{
    fprintf(out, "Usage: %s\n%s\n", table->usage, table->about);
    for (size_t i = 0; i < table->count; i++)
        print_option(&table->specs[i], out);
    if (table->after)
        fprintf(out, "\n%s\n", table->after);
}
