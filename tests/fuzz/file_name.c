/*
 * Whatever template was taken and whatever numbers came from the daemon, the file is in the folder,
 * is not hidden, no two frames and no two copies of one have the same name, and the number in a
 * name is found again.
 *
 * The input: id, sensor time, wall clock time, epoch, copy, template; the number is the id too.
 */
#include "host/sinks/files/file_name.h"

#include <errno.h>

#include "fuzz.h"

static char *make(const char *template, const struct file_name_values *values, unsigned copy)
{
    char *name = malloc(FILE_NAME_MAX + 1);
    CHECK(name);
    file_name_make(template, values, copy, name);
    CHECK(strlen(name) <= FILE_NAME_MAX && name[0] && name[0] != '.');
    for (const char *at = name; *at; at++)
        CHECK(*at != '/' && (unsigned char)*at >= 0x20 && *at != 0x7F);
    return name;
}

static void check_number(const char *template, const struct file_name_values *values,
                         const char *name)
{
    uint64_t number, most = UINT64_C(9999999999999999999);
    bool found = file_name_find_number(template, name, &number);
    CHECK(values->number > most || (found && number == values->number));
}

static void check_differs(const char *template, const struct file_name_values *values,
                          unsigned copy, const char *name)
{
    char *other = make(template, values, copy);
    CHECK(strcmp(other, name) != 0);
    free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    struct file_name_values values = {
        .id = input_number(&input, 8),
        .sensor_ns = input_number(&input, 8),
        .wall_ns = input_number(&input, 8),
        .epoch = input_number(&input, 8),
    };
    values.number = values.id;
    unsigned copy = 1 + (unsigned)input_number(&input, 4) % UINT32_MAX;
    char *template = input_text(&input);
    struct error error;
    if (file_name_check(template, &error) == 0) {
        char *name = make(template, &values, copy);
        check_differs(template, &values, copy ^ 2, name);
        if (file_name_has_number(template)) {
            char *numbered = make(template, &values, 1);
            check_number(template, &values, numbered);
            values.number++;
            check_differs(template, &values, 1, numbered);
            free(numbered);
        }
        values.id++;
        if (strstr(template, "{id}"))
            check_differs(template, &values, copy, name);
        values.sensor_ns++;
        if (strstr(template, "{sensor}"))
            check_differs(template, &values, copy, name);
        free(name);
    } else {
        CHECK(error.text[0] && strlen(error.text) < sizeof(error.text));
    }
    free(template);
    return 0;
}
