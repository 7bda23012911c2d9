/*
 * The calls of pitether.h that concern keys.
 */
#include "host/lib/callers.h"
#include "host/lib/keyring.h"
#include "host/lib/options.h"

static int read_host(const char *text, struct address *address, struct error *error)
{
    char stream[WIRE_NAME_MAX + 1];
    return receiver_address_read(text, address, stream, error);
}

static int answer(int result, struct pitether_error *callers, const struct error *error)
{
    return result < 0 ? callers_error_set(callers, result, error) : result;
}

int pitether_key_import(const char *keys_file, const char *text, const char *line, size_t size,
                        struct pitether_error *callers)
{
    struct error error;
    struct address address;
    int result = read_host(text, &address, &error);
    if (!result)
        result = keyring_import(keys_file, &address, line, size, &error);
    return answer(result, callers, &error);
}

int pitether_key_forget(const char *keys_file, const char *text, struct pitether_error *callers)
{
    struct error error;
    struct address address;
    int result = read_host(text, &address, &error);
    if (!result)
        result = keyring_forget(keys_file, &address, &error);
    return answer(result, callers, &error);
}

int pitether_keys_path(char *path, size_t size, struct pitether_error *callers)
{
    struct error error;
    return answer(keyring_usual_path(path, size, &error), callers, &error);
}
