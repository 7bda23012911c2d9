#include "device/key_command.h"

#include <limits.h>

#include "device/auth/key_admin.h"
#include "shared/keys/secret.h"

enum exit_code key_command(const struct device_options *options, bool has_output)
{
    char buffer[PATH_MAX];
    struct error error;
    const char *path = key_admin_path(options->keys, buffer);
    int result;
    secret_guard_process();
    if (options->add_key && !has_output)
        return exit_with(EXIT_USAGE, "--add-key: standard output, where the key goes, is closed");
    if (options->add_key)
        result = key_admin_add(path, options->add_key, (enum key_role)options->role, &error);
    else if (options->revoke)
        result = key_admin_revoke(path, options->revoke, &error);
    else
        result = key_admin_list(path, &error);
    if (!result)
        return options->list_keys ? exit_flushed(has_output) : EXIT_DONE;
    return exit_with(keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}
