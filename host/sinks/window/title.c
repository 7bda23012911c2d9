#include "host/sinks/window/title.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void append(char *title, const char *format, ...)
{
    size_t used = strlen(title);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(title + used, WINDOW_TITLE_MAX - used, format, arguments);
    va_end(arguments);
}

/* Drops the beginning of a UTF-8 character that the buffer's end may have cut: some compositors end
 * the connection of a client whose title isn't UTF-8. */
static void drop_half_character(char *title)
{
    size_t end = strlen(title);
    if (end < WINDOW_TITLE_MAX - 1)
        return;
    while (end > 0 && ((unsigned char)title[end - 1] & 0xc0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)title[end - 1] >= 0xc0)
        end--;
    title[end] = '\0';
}

void window_title(char *title, const char *name, const struct pitether_frame *shown, bool frozen,
                  const struct window_status *status)
{
    title[0] = '\0';
    append(title, "pitether %s", name);
    if (shown) {
        append(title, " - %ux%u - %.1f fps", shown->width, shown->height, status->fps);
        if (status->latency_ms >= 0)
            append(title, " - %.0f ms", status->latency_ms);
        append(title, " - %" PRIu64 " dropped", status->dropped);
    }
    if (frozen)
        append(title, " - frozen");
    if (status->note[0])
        append(title, " - %s", status->note);
    drop_half_character(title);
}
