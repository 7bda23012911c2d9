#include "host/sinks/files/file_name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const fields[] = { "{n}", "{id}", "{sensor}", "{wall}", "{epoch}" };
enum { FIELD_NUMBER, FIELD_ID, FIELD_SENSOR, FIELD_WALL, FIELD_EPOCH, FIELDS };

static const char digits[] = "0123456789";

/* Longest text of a field, and of "-4294967295"; digits of a number that is read back, any of which
 * fits 64 bits. */
enum { FIELD_MAX = 24, COPY_MAX = 11, NUMBER_LEAST = 8, NUMBER_MOST = 19 };

static int find_field(const char *at)
{
    for (int i = 0; i < FIELDS; i++)
        if (strncmp(at, fields[i], strlen(fields[i])) == 0)
            return i;
    return -1;
}

static int fail(struct error *error, const char *name_template, const char *why)
{
    return error_set(error, -EINVAL, "--name: '%.80s' %s", name_template, why);
}

/* Whether the character beside an {n} may be the beginning or the end of another number. */
static bool blurs(char beside)
{
    return beside == '{' || beside == '}' || (beside && strchr(digits, beside));
}

int file_name_check(const char *name_template, struct error *error)
{
    size_t size = COPY_MAX;
    int unique = 0;
    if (name_template[0] == '.')
        return fail(error, name_template, "begins with a dot: the files would be hidden");
    for (const char *at = name_template; *at; at++, size++) {
        if (*at == '/')
            return fail(error, name_template, "has a slash: give the folder with --save");
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return fail(error, name_template, "has a control character");
        if (*at != '{' && *at != '}')
            continue;
        int field = find_field(at);
        if (field < 0)
            return fail(error, name_template,
                        "has a brace that is not {n}, {id}, {sensor}, {wall} or {epoch}");
        const char *last = at + strlen(fields[field]) - 1;
        if (field == FIELD_NUMBER && (blurs(last[1]) || (at > name_template && blurs(at[-1]))))
            return fail(error, name_template,
                        "has a digit or another field beside {n}: put something between them");
        unique |= field != FIELD_EPOCH;
        size += FIELD_MAX;
        at = last;
    }
    if (!unique)
        return fail(error, name_template, "needs {n}, {id}, {sensor} or {wall}: one name a frame");
    if (size > FILE_NAME_MAX)
        return fail(error, name_template, "is too long");
    return 0;
}

bool file_name_has_number(const char *name_template)
{
    return strstr(name_template, fields[FIELD_NUMBER]);
}

/* The length of the number that the name goes on with, as field_text() writes it; 0: it does not.
 */
static size_t parse_number(const char *name, uint64_t *number)
{
    size_t size = strspn(name, digits);
    if (size < NUMBER_LEAST || size > NUMBER_MOST || (size > NUMBER_LEAST && *name == '0'))
        return 0;
    *number = strtoull(name, NULL, 10);
    return size;
}

/* Other fields stand for anything: where one of them took too little, it takes a character more. */
bool file_name_find_number(const char *name_template, const char *name, uint64_t *number)
{
    const char *at = name_template, *after_field = NULL, *taken = NULL;
    while (*at || *name) {
        int field = find_field(at);
        size_t size = field == FIELD_NUMBER ? parse_number(name, number) : *at && *at == *name;
        if (field > FIELD_NUMBER) {
            after_field = at += strlen(fields[field]);
            taken = name;
        } else if (size > 0) {
            at += field < 0 ? 1 : strlen(fields[field]);
            name += size;
        } else if (after_field && *taken) {
            at = after_field;
            name = ++taken;
        } else {
            return false;
        }
    }
    return true;
}

void file_name_time(uint64_t wall_ns, int compact, char *text)
{
    time_t seconds = (time_t)(wall_ns / 1000000000);
    unsigned ns = (unsigned)(wall_ns % 1000000000);
    struct tm utc;
    char date[32];
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof(date), compact ? "%Y%m%dT%H%M%S" : "%Y-%m-%dT%H:%M:%S", &utc);
    if (compact)
        snprintf(text, 40, "%.28s.%03uZ", date, ns / 1000000);
    else
        snprintf(text, 40, "%.28s.%09uZ", date, ns);
}

static void field_text(int field, const struct file_name_values *values, char *text)
{
    if (field == FIELD_NUMBER || field == FIELD_ID)
        snprintf(text, 40, "%0*" PRIu64, NUMBER_LEAST,
                 field == FIELD_NUMBER ? values->number : values->id);
    else if (field == FIELD_SENSOR)
        snprintf(text, 40, "%" PRIu64, values->sensor_ns);
    else if (field == FIELD_EPOCH)
        snprintf(text, 40, "%016" PRIx64, values->epoch);
    else
        file_name_time(values->wall_ns, 1, text);
}

void file_name_make(const char *name_template, const struct file_name_values *values, unsigned copy,
                    char *name)
{
    char text[40], made[FILE_NAME_MAX + sizeof(text)];
    size_t used = 0;
    for (const char *at = name_template; *at && used < FILE_NAME_MAX;) {
        int field = find_field(at);
        if (field < 0) {
            made[used++] = *at++;
            continue;
        }
        field_text(field, values, text);
        size_t size = strlen(text);
        memcpy(made + used, text, size);
        used += size;
        at += strlen(fields[field]);
    }
    made[used] = '\0';
    /* An extension is what the template ends in; {wall} has a point of its own. */
    const char *last = strrchr(name_template, '}');
    const char *dot = strchr(last ? last : name_template, '.') ? strrchr(made, '.') : NULL;
    size_t stem = dot ? (size_t)(dot - made) : used;
    char suffix[COPY_MAX + 1] = "";
    if (copy > 1)
        snprintf(suffix, sizeof(suffix), "-%u", copy);
    /* file_name_check() has seen to it that all of this fits. */
    size_t extra = strlen(suffix);
    memcpy(name, made, stem);
    memcpy(name + stem, suffix, extra);
    memcpy(name + stem + extra, made + stem, used - stem + 1);
}
