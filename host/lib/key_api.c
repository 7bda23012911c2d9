/*
 * The calls of pitether.h that concern keys.
 */
#include "host/lib/callers.h"
#include "host/lib/keyring.h"
#include "host/lib/options.h"

/* Nothing that these calls do is logged. */
static const struct log_handler silent;

int pitether_key_import(const char *keys_file, const char *text, const char *line, size_t size,
                        struct pitether_error *callers)
{
    struct error error;
    struct address address;
    char stream[WIRE_NAME_MAX + 1];
    const struct log_handler *before = log_set_handler(&silent);
    int result = receiver_address_read(text, &address, stream, &error);
    if (!result)
        result = keyring_import(keys_file, &address, line, size, &error);
    log_set_handler(before);
    return result < 0 ? callers_error_set(callers, result, &error) : result;
}

int pitether_key_forget(const char *keys_file, const char *text, struct pitether_error *callers)
{
    struct error error;
    struct address address;
    char stream[WIRE_NAME_MAX + 1];
    const struct log_handler *before = log_set_handler(&silent);
    int result = receiver_address_read(text, &address, stream, &error);
    if (!result)
        result = keyring_forget(keys_file, &address, &error);
    log_set_handler(before);
    return result < 0 ? callers_error_set(callers, result, &error) : result;
}

int pitether_keys_path(char *path, size_t size, struct pitether_error *callers)
{
    struct error error;
    int result = keyring_usual_path(path, size, &error);
    return result < 0 ? callers_error_set(callers, result, &error) : result;
}
