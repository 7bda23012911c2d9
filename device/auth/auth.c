#include "device/auth/auth.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "device/auth/key_admin.h"
#include "shared/base/log.h"
#include "shared/keys/secret.h"

int auth_open(struct auth *auth, const char *named, struct error *error)
{
    const char *path = key_admin_path(named, auth->path);
    if (access(path, R_OK) == 0)
        secret_guard_process();
    int result = key_source_open(&auth->source, path, error);
    if (!result)
        result = key_source_read(&auth->source, &auth->keys, error);
    if ((result == -ENOENT || result == -EACCES) && !named) {
        if (result == -EACCES)
            log_warning("%s; running without keys", error->text);
        key_source_close(&auth->source);
        return 0;
    }
    if (result)
        return result;
    auth->tls = tls_create(TLS_DAEMON, &auth->keys);
    if (auth->tls)
        return 0;
    return error_set(error, -ENOMEM, "OpenSSL can't be set up for TLS");
}

void auth_reload(struct auth *auth)
{
    struct error error;
    struct keys fresh = { 0 };
    int result = key_source_read(&auth->source, &fresh, &error);
    if (result && result != -ENOENT) {
        log_error("%s; the previous keys stay valid", error.text);
        return;
    }
    keys_clear(&auth->keys);
    auth->keys = fresh;
    log_info("keys reloaded: %u", fresh.count);
}

bool auth_has_key(const struct auth *auth, const struct tls_peer *peer)
{
    const struct key *key = keys_find_id(&auth->keys, peer->id);
    return key && key->role == peer->role;
}

void auth_close(struct auth *auth)
{
    tls_destroy(&auth->tls);
    keys_clear(&auth->keys);
    key_source_close(&auth->source);
}
