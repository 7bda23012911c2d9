/*
 * An address that was taken, written back, is the same address when it is read again.
 *
 * The input: the text.
 */
#include "shared/net/address.h"

#include <errno.h>

#include "fuzz.h"
#include "shared/protocol/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    char *text = input_text(&input), *written = malloc(ADDRESS_TEXT_MAX);
    struct address address, again;
    CHECK(written);
    int error = address_parse(text, WIRE_DEFAULT_PORT, &address);
    CHECK(error == 0 || error == -EINVAL || error == -ENAMETOOLONG);
    if (!error) {
        CHECK(address.host[0] && strlen(address.host) <= ADDRESS_HOST_MAX);
        address_format(&address, written);
        CHECK(address_parse(written, 1, &again) == 0);
        CHECK(again.is_unix == address.is_unix && strcmp(again.host, address.host) == 0);
        CHECK(address.is_unix || again.port == address.port);
    }
    free(written);
    free(text);
    return 0;
}
