#include "host/stream_label.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shared/protocol/wire.h"

/* What is called the same with one of these has the next one. */
enum detail { DETAIL_NAME, DETAIL_HOST, DETAIL_PORT, DETAILS };

/* An address in its parts. */
struct parts {
    struct address address;
    char host[ADDRESS_TEXT_MAX]; /* safe as a folder's name; of unix: the socket's last name */
    const char *stream;          /* or "" */
    enum detail detail;
};

/* A folder's name: what else is there becomes a dash, and none is first or last. */
static void make_safe(const char *text, char *safe)
{
    char *at = safe;
    for (; *text; text++) {
        bool good = isalnum((unsigned char)*text) || strchr("._-", *text);
        char letter = good ? *text : '-';
        if ((letter == '-' || letter == '.') && (at == safe || at[-1] == '-'))
            continue;
        *at++ = letter;
    }
    while (at > safe && at[-1] == '-')
        at--;
    *at = '\0';
    if (at == safe)
        strcpy(safe, "stream");
}

static int split(const char *text, const char *stream, struct parts *parts, struct error *error)
{
    char host[ADDRESS_TEXT_MAX];
    bool is_unix = strncmp(text, "unix:", 5) == 0;
    const char *slash = is_unix ? NULL : strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    int result = size < sizeof(host) ? 0 : -EINVAL;
    if (!result) {
        memcpy(host, text, size);
        host[size] = '\0';
        result = address_parse(host, WIRE_DEFAULT_PORT, &parts->address);
    }
    if (result || (!parts->address.is_unix && parts->address.port == 0))
        return error_set(error, -EINVAL,
                         "'%.200s' is not an address: give HOST, HOST:PORT or [IPV6]:PORT, each "
                         "with or without /STREAM after it, or unix:/PATH",
                         text);
    if (slash && stream)
        return error_set(error, -EINVAL,
                         "--stream is for addresses that name no stream, and %.200s names one",
                         text);
    parts->stream = slash ? slash + 1 : stream ? stream : "";
    if ((slash || *parts->stream) && !wire_name_is_good(parts->stream, strlen(parts->stream)))
        return error_set(error, -EINVAL,
                         "'%.100s' is not a stream's name: those have 1 to 32 letters, digits, "
                         "'.', '_' and '-', and a '/' between parts; none begins with a '.'",
                         parts->stream);
    const char *last = strrchr(parts->address.host, '/');
    make_safe(is_unix && last ? last + 1 : parts->address.host, parts->host);
    parts->detail = DETAIL_NAME;
    return 0;
}

static void join(const struct parts *parts, char *text)
{
    char port[8] = "";
    bool has_name = *parts->stream;
    if (parts->detail == DETAIL_PORT && !parts->address.is_unix)
        snprintf(port, sizeof(port), "-%u", parts->address.port);
    if (has_name && parts->detail == DETAIL_NAME)
        snprintf(text, STREAM_LABEL_MAX, "%s", parts->stream);
    else
        snprintf(text, STREAM_LABEL_MAX, "%s%s%s%s", parts->host, port, has_name ? "-" : "",
                 parts->stream);
}

/* The first one before `at` that is called the same; `at`: none is. */
static unsigned find_same(const struct stream_label labels[], unsigned at)
{
    unsigned other = 0;
    while (other < at && strcasecmp(labels[other].text, labels[at].text) != 0)
        other++;
    return other;
}

/* Whether names changed, so that it is to be tried again. */
static bool add_details(struct parts parts[], const struct stream_label labels[], unsigned count)
{
    bool add[OPTION_LIST_MAX] = { false }, any = false;
    for (unsigned i = 0; i < count; i++) {
        unsigned same = find_same(labels, i);
        add[i] = add[i] || same < i;
        add[same] = add[same] || same < i;
    }
    for (unsigned i = 0; i < count; i++)
        if (add[i] && parts[i].detail + 1 < DETAILS) {
            parts[i].detail++;
            any = true;
        }
    return any;
}

static int name_several(struct parts parts[], unsigned count, struct stream_label labels[],
                        struct error *error)
{
    do {
        for (unsigned i = 0; i < count; i++)
            join(&parts[i], labels[i].text);
    } while (add_details(parts, labels, count));
    for (unsigned i = 0; i < count; i++) {
        if (find_same(labels, i) < i)
            return error_set(error, -EINVAL, "%.200s is given twice", labels[i].text);
        strcpy(labels[i].place, labels[i].text);
    }
    return 0;
}

int stream_labels_make(const struct option_list *addresses, const char *stream,
                       struct stream_label labels[OPTION_LIST_MAX], struct error *error)
{
    struct parts parts[OPTION_LIST_MAX];
    for (unsigned i = 0; i < addresses->count; i++) {
        int result = split(addresses->items[i], stream, &parts[i], error);
        if (result)
            return result;
        snprintf(labels[i].text, sizeof(labels[i].text), "%s", addresses->items[i]);
        labels[i].place[0] = '\0';
    }
    return addresses->count > 1 ? name_several(parts, addresses->count, labels, error) : 0;
}
