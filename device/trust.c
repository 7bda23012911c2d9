#include "device/trust.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "device/key_admin.h"
#include "shared/log.h"
#include "shared/secret.h"

int trust_open(struct trust *trust, const char *named, char *error)
{
    const char *path = key_admin_path(named, trust->room);
    if (access(path, R_OK) == 0)
        secret_guard_process();
    int result = key_source_open(&trust->source, path, error);
    if (!result)
        result = key_source_read(&trust->source, &trust->keys, error);
    if ((result == -ENOENT || result == -EACCES) && !named) {
        if (result == -EACCES)
            log_warning("%s; going on without keys", error);
        key_source_close(&trust->source);
        return 0;
    }
    if (result)
        return result;
    trust->tls = tls_create(TLS_DAEMON, &trust->keys);
    if (trust->tls)
        return 0;
    snprintf(error, KEYS_ERROR_MAX, "OpenSSL can't be set up for TLS");
    return -ENOMEM;
}

void trust_read_again(struct trust *trust)
{
    char error[KEYS_ERROR_MAX];
    struct keys fresh = { 0 };
    int result = key_source_read(&trust->source, &fresh, error);
    if (result && result != -ENOENT) {
        log_error("%s; the keys from before stay valid", error);
        return;
    }
    keys_clear(&trust->keys);
    trust->keys = fresh;
    log_info("keys read again: %u", fresh.count);
}

bool trust_knows(const struct trust *trust, const struct tls_peer *peer)
{
    return keys_find_id(&trust->keys, peer->id);
}

void trust_close(struct trust *trust)
{
    tls_destroy(&trust->tls);
    keys_clear(&trust->keys);
    key_source_close(&trust->source);
}
