#include "host/command.h"

#include <stdio.h>
#include <string.h>

#include "host/controls/commands.h"
#include "host/key_import.h"
#include "host/lib/pitether.h"
#include "host/list_streams.h"
#include "host/options_check.h"
#include "host/still/still_command.h"
#include "shared/base/descriptors.h"
#include "shared/base/log.h"
#include "shared/keys/keys_file.h"
#include "shared/keys/secret.h"
#include "shared/protocol/wire.h"

static enum exit_code manage_keys(const struct host_options *options)
{
    struct pitether_error error;
    secret_guard_process();
    int result = options->import_key
                     ? key_import_run(options->keys, options->import_key, &error)
                     : key_import_forget(options->keys, options->forget_key, &error);
    if (!result)
        return EXIT_DONE;
    log_error("%s", error.text);
    return keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM;
}

static enum exit_code print(const struct host_options *options)
{
    if (options->list_streams)
        return list_streams(options);
    if (options->still && !options->help && !options->version)
        return still_command_run(options);
    if (!options->help && !options->version)
        return control_commands_run(options);
    if (options->help)
        options_help(&host_option_table, stdout);
    else
        printf("pitether %s, protocol %d\n", PITETHER_VERSION, WIRE_VERSION);
    return EXIT_DONE;
}

bool command_is_requested(const struct host_options *options)
{
    return options->help || options->version || options->list_streams || options->import_key ||
           options->forget_key || options->still || options_want_control(options);
}

enum exit_code command_run(const struct host_options *options, bool has_output)
{
    if (options->import_key || options->forget_key)
        return manage_keys(options);
    enum exit_code code = print(options);
    int error = descriptors_flush_stdout(has_output);
    if (!error)
        return code;
    log_error("can't write to standard output: %s", strerror(-error));
    return EXIT_SYSTEM;
}
