#include "device/open_listeners.h"

#include "shared/protocol/wire.h"

enum exit_code open_listeners(struct listeners *listeners, const struct device_options *options,
                              bool has_keys)
{
    struct error error;
    bool allow_remote = has_keys || options->insecure_plaintext;
    int result = listeners_adopt(listeners, allow_remote, &error);
    /* What systemd has opened is all that is wanted: --listen would mean the same port again. */
    bool adopted = listeners->count > 0;
    if (!result && options->listen.count == 0 && !adopted)
        result = listeners_open_default(listeners, WIRE_DEFAULT_PORT, &error);
    for (unsigned i = 0; !result && !adopted && i < options->listen.count; i++)
        result = listeners_open(listeners, options->listen.items[i], allow_remote, &error);
    return result ? exit_with(EXIT_LISTEN, error.text) : EXIT_DONE;
}

void announce_listeners(const struct listeners *listeners, const struct device_options *options,
                        bool has_keys)
{
    char where[ADDRESS_TEXT_MAX];
    if (has_keys && options->insecure_plaintext)
        log_warning("--insecure-plaintext: no client needs a key, though there are some");
    for (unsigned i = 0; i < listeners->count; i++) {
        bool needs_key = has_keys && listeners->items[i].remote && !options->insecure_plaintext;
        socket_address_format(&listeners->items[i].address, where);
        log_info("listening on %s%s", where, needs_key ? ", with a key only" : "");
        if (listeners->items[i].absent)
            log_warning("%s is not yet an address of this machine: it is served as soon as it is",
                        where);
    }
}
