/*
 * Whatever a configuration file or a command line says, each option is left with a value that it
 * may have, and an error has a line for the user.
 *
 * The input: which program's options, whether it is a file, its text. A zero ends an argument of a
 * command line.
 */
#include "shared/base/options.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/options.h"
#include "fuzz.h"
#include "host/options.h"
#include "shared/protocol/wire.h"

/*
 * The texts of a configuration file live as long as the program, which here is many files long: the
 * linker has options.c call these, so that they can be freed after each.
 */
enum { TEXTS_MAX = 8192 };
static char *texts[TEXTS_MAX];
static unsigned text_count;
static bool reading; /* others in this program may call strdup(), too */

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
void __real_free(void *memory);
void __wrap_free(void *memory);

char *__wrap_strdup(const char *text)
{
    char *copy = __real_strdup(text);
    CHECK(text_count < TEXTS_MAX);
    if (reading)
        texts[text_count++] = copy;
    return copy;
}

/* What is freed is what was made last, if it is one of them at all. */
void __wrap_free(void *memory)
{
    if (memory && text_count > 0 && texts[text_count - 1] == memory)
        text_count--;
    __real_free(memory);
}

static void free_texts(void)
{
    while (text_count > 0)
        __real_free(texts[--text_count]);
}

union options {
    struct device_options device;
    struct host_options host;
};

static bool in_range(const struct option_spec *spec, double value)
{
    return value >= spec->min && value <= spec->max;
}

/* An option without a default is zero until it is given. */
static void check_value(const struct option_spec *spec, const void *field)
{
    const struct option_size *size = field;
    const struct option_range *range = field;
    const struct option_list *list = field;
    int choices = 0;
    switch (spec->kind) {
    case OPTION_INT:
        CHECK((*(const int *)field == 0 && !spec->fallback) || in_range(spec, *(const int *)field));
        break;
    case OPTION_COUNT:
    case OPTION_RATE:
        CHECK((*(const uint64_t *)field == 0 && !spec->fallback) ||
              in_range(spec, (double)*(const uint64_t *)field));
        break;
    case OPTION_BYTES:
        CHECK(in_range(spec, (double)*(const long *)field));
        break;
    case OPTION_NUMBER:
        CHECK((*(const double *)field == 0 && !spec->fallback) ||
              in_range(spec, *(const double *)field));
        break;
    case OPTION_RANGE:
        CHECK((range->max == 0 && !spec->fallback) || in_range(spec, range->max));
        CHECK(range->min == 0 || (in_range(spec, range->min) && range->min <= range->max));
        break;
    case OPTION_SIZE:
        CHECK((size->width == 0 && size->height == 0) ||
              (in_range(spec, size->width) && in_range(spec, size->height)));
        break;
    case OPTION_TEXT:
        CHECK(!*(char *const *)field || **(char *const *)field);
        break;
    case OPTION_LIST:
        CHECK(list->count <= OPTION_LIST_MAX);
        for (unsigned i = 0; i < list->count; i++)
            CHECK(list->items[i][0]);
        break;
    case OPTION_CHOICE:
        while (spec->choices[choices])
            choices++;
        CHECK(*(const int *)field >= 0 && *(const int *)field < choices);
        break;
    case OPTION_FLAG:
        CHECK(*(const unsigned char *)field <= 1);
        break;
    case OPTION_HEADING:
        break;
    }
}

/* Of all fields. Sections that were read have names, all of them different and good. */
static void check_values(const struct option_table *table, const union options *options)
{
    const struct device_options *device = &options->device;
    unsigned sections = table->sections ? device->stream_count : 0;
    CHECK(sections <= DEVICE_STREAMS_MAX);
    for (unsigned i = 0; i < sections; i++) {
        const char *name = device->streams[i].name;
        CHECK(wire_name_is_good(name, strlen(name)) && device->streams[i].line > 0);
        for (unsigned k = 0; k < i; k++)
            CHECK(strcmp(name, device->streams[k].name) != 0 &&
                  device->streams[k].line < device->streams[i].line);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->scope != OPTION_SECTION)
            check_value(spec, (const char *)options + spec->offset);
        for (unsigned k = 0; spec->scope == OPTION_SECTION && (k == 0 || k < sections); k++)
            check_value(spec, (const char *)&device->streams[k] + spec->offset);
    }
}

static int read_file(const struct option_table *table, void *options, struct input *input,
                     struct error *error)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("options", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    CHECK(ftruncate(fd, 0) == 0);
    CHECK(pwrite(fd, input->at, input->left, 0) == (ssize_t)input->left);
    reading = true;
    int result = options_read_file(table, options, path, NULL, error);
    reading = false;
    return result;
}

static int read_arguments(const struct option_table *table, void *options, struct input *input,
                          struct error *error)
{
    enum { ARGUMENTS_MAX = 64 };
    static char *arguments[ARGUMENTS_MAX + 1];
    struct option_list operands;
    int count = 1;
    arguments[0] = "program";
    for (; count < ARGUMENTS_MAX && input->left > 0; count++) {
        texts[text_count++] = arguments[count] = input_text(input);
        size_t size = strlen(arguments[count]) + 1, taken;
        input_bytes(input, size, &taken);
    }
    arguments[count] = NULL;
    return options_parse(table, options, count, arguments, NULL, &operands, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    uint64_t choice = input_number(&input, 1);
    const struct option_table *table = choice & 1 ? &device_option_table : &host_option_table;
    union options *options = calloc(1, sizeof(*options));
    struct error error = { "" };
    CHECK(options);
    options_defaults(table, options);
    int result = choice & 2 ? read_file(table, options, &input, &error)
                            : read_arguments(table, options, &input, &error);
    CHECK(result == 0 || result == -EINVAL);
    CHECK(!result == !error.text[0]);
    check_values(table, options);
    free(options);
    free_texts();
    return 0;
}
